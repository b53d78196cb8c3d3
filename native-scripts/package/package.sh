#!/usr/bin/env bash
# Makes a Debian package of the built checkout; what `npm run package` runs:
#
#   native-scripts/package/package.sh [--output FOLDER] [--revision N] [--node FILE] [--fast] [--lint]
#
# Prints the path of the package, netnsd_VERSION-REVISION_ARCHITECTURE.deb in dist/package unless set. `--node` puts this Node.js inside,
# for machines that have none or one that is too old; the revision is then followed by +nodeVERSION. `--fast` compresses little.
# `--lint` has lintian check it, and promtool its alert rules by
# their tests; it fails on errors.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
umask 022

output=dist/package
revision=1
compress=(-Zxz)
lint=
node=

fail() {
  echo "package: $*" >&2
  exit 1
}

while (($#)); do
  case $1 in
    --output) output=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --revision) revision=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --node) node=${2:-} && shift $(($# > 1 ? 2 : 1)) && [[ -n $node ]] || fail '--node takes the path of a Node.js' ;;
    --fast) compress=(-Zgzip -z1) && shift ;;
    --lint) lint=1 && shift ;;
    *) fail "unknown argument '$1'; usage: package.sh [--output FOLDER] [--revision N] [--node FILE] [--fast] [--lint]" ;;
  esac
done
[[ $revision =~ ^[0-9]+$ ]] || fail '--revision takes a number'
[[ -n $output ]] || fail '--output takes a folder'
for tool in dpkg-deb strip; do command -v $tool >/dev/null || fail "$tool is missing: install the packages dpkg and binutils"; done
[[ -z $lint ]] || { command -v lintian && command -v promtool; } >/dev/null || fail '--lint needs lintian and promtool: apt-get install lintian prometheus'
for made in dist/bin/netnsd dist/bin/netnsd-vault native-scripts/build/netnsd-runc; do
  [[ -x $made ]] || fail "$made is missing: run \`bash native-scripts/setup.sh --for install\` first"
done

# A Node.js that runs on its own, as those of nodejs.org, NodeSource and npm's package `node` do; Debian's is a library in a package of its own.
licence=
check_node() {
  local real folder version
  real=$(readlink -f -- "$node")
  version=$("$real" -p process.versions.node 2>/dev/null) || true
  [[ $version =~ ^[0-9.]+$ ]] && dpkg --compare-versions "$version" ge 20.19 || fail "$node is no Node.js of version 20.19 or newer"
  ! ldd "$real" | grep -q libnode || fail "$node needs libnode, which is a package of its own; take one of nodejs.org, or npm's package node"
  for folder in "${real%/*}/.." "${real%/*}/../share/doc/nodejs" "${real%/*}"/../node_modules/node-linux-*; do
    [[ ! -f $folder/LICENSE ]] || licence=$folder/LICENSE
  done
  [[ -n $licence ]] || fail "the licence of $node is not beside it, as $(readlink -m "${real%/*}/../LICENSE")"
  node=$real
}
[[ -z $node ]] || check_node

from=native-scripts/package/debian
version=$(node -p "require('./package.json').version")-$revision
needs='nodejs (>= 20.19)'
if [[ -n $node ]]; then
  version+=+node$("$node" -p process.versions.node)
  needs='libstdc++6, libgcc-s1'
fi
architecture=$(dpkg --print-architecture)
# The same commit makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/DEBIAN" "$root/etc/netnsd"
bash native-scripts/package/stage.sh "$root/usr" /usr

# The commands look for it beside themselves first.
[[ -z $node ]] || install -m 755 "$node" "$root/usr/lib/netnsd/dist/bin/node"
# What V8 makes of the code belongs to one version of Node.js, that of the machine: postinst makes it.
rm -f "$root"/usr/lib/netnsd/dist/bundle/*.cache
find "$root/usr" -type f \( -path '*/dist/bin/*' -o -path '*/bin/netnsd-runc' -o -name '*.node' \) -print0 | while IFS= read -rd '' file; do
  ! head -c 4 "$file" | grep -q ELF || strip --strip-unneeded "$file"
done
find "$root" -type d -exec chmod 755 {} +
find "$root/usr" -type f \( ! -perm -100 -o -name '*.node' \) -exec chmod 644 {} +
# Packages of npm mark files as programs that are none.
find "$root/usr/lib/netnsd/node_modules" -type f -perm -100 -print0 | while IFS= read -rd '' file; do
  [[ $(head -c 2 "$file" | tr -d '\0') == '#!' ]] || chmod 644 "$file"
done

documents=$root/usr/share/doc/netnsd
install -m 644 $from/copyright "$documents/copyright"
if [[ -n $node ]]; then
  printf '\nFiles: usr/lib/netnsd/dist/bin/node\nCopyright: Node.js contributors\nLicense: Node.js\n Node.js and what is inside of it:\n .\n'
  sed 's/[[:space:]]*$//; s/^$/./; s/^/ /' "$licence"
fi >>"$documents/copyright"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
{
  printf 'netnsd (%s) unstable; urgency=medium\n\n  * Changes are in changelog.gz.\n\n' "$version"
  printf ' -- The netnsd authors <authors@netnsd.dev>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$documents/changelog.Debian.gz"
find "$root/usr/share/man" -type f -exec gzip -9n {} +
install -D -m 644 $from/lintian-overrides "$root/usr/share/lintian/overrides/netnsd"
[[ -z $node ]] || cat $from/lintian-overrides-node >>"$root/usr/share/lintian/overrides/netnsd"

size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@SIZE@|$size|; s|@NODE@|$needs|" $from/control >"$root/DEBIAN/control"
install -m 755 -t "$root/DEBIAN" $from/postinst $from/prerm $from/postrm
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/md5sums"

mkdir -p "$output"
deb=$output/netnsd_${version}_$architecture.deb
dpkg-deb --root-owner-group "${compress[@]}" --build "$root" "$deb" >/dev/null
if [[ -n $lint ]]; then
  lintian --fail-on error "$deb" >&2
  promtool test rules $from/../monitoring/prometheus-alerts.test.yml >&2
fi
echo "$deb"
