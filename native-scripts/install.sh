#!/usr/bin/env bash
# Installs netnsd on this machine, or removes it again:
#
#   native-scripts/install.sh [--prefix PREFIX] [--uninstall [--force]]
#
# The package goes to PREFIX/lib/netnsd, the commands netnsd and netnsd-runc to PREFIX/bin, the plugin for Podman to
# PREFIX/lib/netavark, the unit to PREFIX/lib/systemd/system; PREFIX is /usr/local unless set. package/stage.sh says what else. Nothing is enabled or started. Removing takes down what netnsd made, and
# keeps /etc/netnsd; while containers are running it is refused with their names, unless forced.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

prefix=/usr/local
remove=
force=

fail() {
  echo "install: $*" >&2
  exit 1
}

while (($#)); do
  case $1 in
    --prefix) prefix=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --prefix=*) prefix=${1#*=} && shift ;;
    --uninstall) remove=1 && shift ;;
    --force) force=--force && shift ;;
    *) fail "unknown argument '$1'; usage: install.sh [--prefix PREFIX] [--uninstall [--force]]" ;;
  esac
done
[[ $prefix == /* ]] || fail '--prefix takes an absolute path'
prefix=${prefix%/}

package=$prefix/lib/netnsd
program=$prefix/bin/netnsd
# What was installed besides the package, relative to the prefix.
list=$package/installed-files
unit=$prefix/lib/systemd/system/netnsd.service

with_systemd() {
  [[ ! -d /run/systemd/system ]] || systemctl "$@"
}

uninstall() {
  # Leases too: they could not be released any more. First, since it may be refused.
  if [[ -x $program && -d /run/netnsd ]]; then
    "$program" down ${force:+"$force"} || fail 'nothing was removed; see the line above (--uninstall --force)'
  fi
  if [[ -e $unit ]]; then
    with_systemd disable --now netnsd.service
    rm -f "$unit"
    with_systemd daemon-reload
  fi
  [[ ! -e $list ]] || (cd "$prefix/" && xargs -d '\n' rm -f -- && rmdir -p --ignore-fail-on-non-empty share/doc/netnsd/examples) <"$list"
  rm -rf "$package" "$program"
  rm -f "$prefix/bin/netnsd-runc"
  echo "netnsd is removed from ${prefix:-/}"
  # Engines refuse to start, or to remove, containers of a runtime that is not there.
  local left
  left=$(grep -lsr netnsd-runc /etc/containers /etc/docker/daemon.json /etc/containerd/config.toml) || true
  [[ -z $left ]] || echo "netnsd-runc is still named in: ${left//$'\n'/, }" >&2
}

install_package() {
  bash native-scripts/setup.sh --for install
  sh native-scripts/bin.sh build
  local new=$prefix/lib/.netnsd.new node file
  node=$(command -v node)
  rm -rf "$new"
  bash native-scripts/package/stage.sh "$new" "$prefix"
  # Beside the program, which looks there first: systemd does not look for Node.js where a user's shell does.
  ln -s "$node" "$new/lib/netnsd/dist/bin/node"
  (cd "$new" && find . -path ./lib/netnsd -prune -o ! -type d -print) >"$new/lib/netnsd/installed-files"
  rm -rf "$package"
  mv "$new/lib/netnsd" "$package"
  # Each renamed into its place: the one before may be running.
  while read -r file; do
    mkdir -p "$prefix/${file%/*}"
    mv -fT "$new/$file" "$prefix/$file"
  done <"$list"
  rm -rf "$new"
  with_systemd daemon-reload
  echo "netnsd is installed in ${prefix:-/}. Start it: systemctl enable --now netnsd; or in a terminal: netnsd serve"
}

if [[ -n $remove ]]; then uninstall; else install_package; fi
