#!/usr/bin/env bash
# Makes a Debian package of the built checkout; what `npm run package` runs:
#
#   native-scripts/package/package.sh [--output FOLDER] [--revision N] [--fast] [--lint]
#
# Prints the path of the package, netnsd_VERSION-REVISION_ARCHITECTURE.deb in dist/package unless set. `--fast` compresses little.
# `--lint` has lintian check it, and fails on errors.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
umask 022

output=dist/package
revision=1
compress=(-Zxz)
lint=

fail() {
  echo "package: $*" >&2
  exit 1
}

while (($#)); do
  case $1 in
    --output) output=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --revision) revision=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --fast) compress=(-Zgzip -z1) && shift ;;
    --lint) lint=1 && shift ;;
    *) fail "unknown argument '$1'; usage: package.sh [--output FOLDER] [--revision N] [--fast] [--lint]" ;;
  esac
done
[[ $revision =~ ^[0-9]+$ ]] || fail '--revision takes a number'
[[ -n $output ]] || fail '--output takes a folder'
for tool in dpkg-deb strip; do command -v $tool >/dev/null || fail "$tool is missing: install the packages dpkg and binutils"; done
[[ -z $lint ]] || command -v lintian >/dev/null || fail '--lint needs lintian: apt-get install lintian'
for made in dist/bin/netnsd dist/bin/netnsd-vault native-scripts/build/netnsd-runc; do
  [[ -x $made ]] || fail "$made is missing: run \`bash native-scripts/setup.sh --for install\` first"
done

from=native-scripts/package/debian
version=$(node -p "require('./package.json').version")-$revision
architecture=$(dpkg --print-architecture)
# The same commit makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/DEBIAN" "$root/etc/netnsd"
bash native-scripts/package/stage.sh "$root/usr" /usr

# What V8 makes of the code belongs to one version of Node.js, that of the machine: postinst makes it.
rm -f "$root"/usr/lib/netnsd/dist/bundle/*.cache
find "$root/usr" -type f \( -path '*/dist/bin/netnsd*' -o -path '*/bin/netnsd-runc' -o -name '*.node' \) -print0 | while IFS= read -rd '' file; do
  ! head -c 4 "$file" | grep -q ELF || strip --strip-unneeded "$file"
done
find "$root" -type d -exec chmod 755 {} +
find "$root/usr" -type f \( ! -perm -100 -o -name '*.node' \) -exec chmod 644 {} +

documents=$root/usr/share/doc/netnsd
install -m 644 $from/copyright "$documents/copyright"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
{
  printf 'netnsd (%s) unstable; urgency=medium\n\n  * Changes are in changelog.gz.\n\n' "$version"
  printf ' -- The netnsd authors <authors@netnsd.dev>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$documents/changelog.Debian.gz"
find "$root/usr/share/man" -type f -exec gzip -9n {} +
install -D -m 644 $from/lintian-overrides "$root/usr/share/lintian/overrides/netnsd"

size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@SIZE@|$size|" $from/control >"$root/DEBIAN/control"
install -m 755 -t "$root/DEBIAN" $from/postinst $from/prerm $from/postrm
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/md5sums"

mkdir -p "$output"
deb=$output/netnsd_${version}_$architecture.deb
dpkg-deb --root-owner-group "${compress[@]}" --build "$root" "$deb" >/dev/null
[[ -z $lint ]] || lintian --fail-on error "$deb" >&2
echo "$deb"
