#!/usr/bin/env bash
# Puts the built checkout into a folder, as it is installed below a prefix:
#
#   native-scripts/package/stage.sh FOLDER PREFIX
#
# install.sh and package.sh use this, so both install the same files: lib/netnsd with the package and npm's production packages out of
# node_modules (no registry is asked), the commands, the units, manual pages, completion, examples.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

to=$1
prefix=$2
package=$to/lib/netnsd

# What neither runs nor is a licence, and is of size: sources, types, tests and pages of packages, libraries of other machines.
waste=(--exclude='*.ts' --exclude='*.map' --exclude='*.md' --exclude='*.markdown' --exclude='.*' --exclude='*.cc' --exclude='*.cpp' --exclude='*.hh'
  --exclude='*.h' --exclude='*.gyp' --exclude='*.gypi' --exclude='musl_*' --exclude='*.html' --exclude='*.sh' --anchored --no-wildcards-match-slash)
for folder in test tests docs doc example examples benchmark benchmarks integration scripts bin vendor; do
  waste+=(--exclude="node_modules/*/$folder" --exclude="node_modules/@*/*/$folder")
done

mkdir -p "$package" "$to/bin"
cp package.json "$package/"
tar -c --exclude='*.map' --exclude='*.new' --exclude=dist/bin/node dist/bin dist/bundle | tar -x -C "$package"
find dist/src -name '*.js' -print0 | tar -c --null -T - | tar -x -C "$package"
npm ls --omit=dev --all --parseable 2>/dev/null | sed "1d; s|^$PWD/||" | sort -u |
  tar -c "${waste[@]}" -T - | tar -x -C "$package"
# Libraries that packages bring for every machine.
machine=$(node -p '`${process.platform}-${process.arch}`')
find "$package/node_modules" -path '*/prebuilds/*' -type f ! -path "*/prebuilds/$machine/*" -delete
find "$package" -depth -type d -empty -delete

ln -s ../lib/netnsd/dist/bin/netnsd "$to/bin/netnsd"
install -m 755 native-scripts/build/netnsd-runc "$to/bin/netnsd-runc"
# Where runtimes of Debian look for plugins; what is of another prefix is named to them. No configuration: that would take over the pods.
mkdir -p "$to/lib/cni" "$to/lib/netavark"
ln -s ../netnsd/dist/bin/netnsd-cni "$to/lib/cni/netnsd-cni"
ln -s ../netnsd/dist/bin/netnsd-netavark "$to/lib/netavark/netnsd-netavark"

from=native-scripts/package
mkdir -p "$to/lib/systemd/system"
sed "s|@PREFIX@|$prefix|g" native-scripts/netnsd.service >"$to/lib/systemd/system/netnsd.service"
install -D -m 644 -t "$to/lib/systemd/network" $from/system/00-netnsd.network $from/system/00-netnsd.link
install -D -m 644 -t "$to/lib/udev/rules.d" $from/system/90-netnsd.rules
install -D -m 644 $from/system/sysusers.conf "$to/lib/sysusers.d/netnsd.conf"
install -D -m 644 $from/system/tmpfiles.conf "$to/lib/tmpfiles.d/netnsd.conf"
node $from/pages.mjs "$to"
install -m 644 -t "$to/share/doc/netnsd/examples" $from/monitoring/* $from/10-netnsd.conflist
