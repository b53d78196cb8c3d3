#!/usr/bin/env bash
# Installs netnsd on this machine, or removes it again:
#
#   native-scripts/install.sh [--prefix PREFIX] [--uninstall [--force]]
#
# The package goes to PREFIX/lib/netnsd, the commands netnsd and netnsd-runc to PREFIX/bin, the plugin for Podman to
# PREFIX/lib/netavark, the unit to PREFIX/lib/systemd/system; PREFIX
# is /usr/local unless set. Nothing is enabled or started. Removing takes down what netnsd made, and
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
# Podman looks there: netavark_plugin_dirs of containers.conf(5).
netavark=$prefix/lib/netavark/netnsd-netavark
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
  rm -rf "$package" "$program"
  rm -f "$prefix/bin/netnsd-runc" "$netavark"
  echo "netnsd is removed from ${prefix:-/}"
  # Engines refuse to start, or to remove, containers of a runtime that is not there.
  local left
  left=$(grep -lsr netnsd-runc /etc/containers /etc/docker/daemon.json /etc/containerd/config.toml) || true
  [[ -z $left ]] || echo "netnsd-runc is still named in: ${left//$'\n'/, }" >&2
}

install_package() {
  bash native-scripts/setup.sh --for install
  sh native-scripts/bin.sh build
  local new=$package.new node
  node=$(command -v node)
  rm -rf "$new"
  mkdir -p "$new/dist" "$prefix/bin" "${unit%/*}" "${netavark%/*}"
  cp package.json package-lock.json "$new/"
  cp -r dist/bin dist/bundle dist/src "$new/dist/"
  # What npm runs when it has installed the package.
  mkdir "$new/native-scripts"
  cp native-scripts/bin.sh "$new/native-scripts/"
  npm ci --prefix "$new" --omit=dev --prefer-offline --no-audit --no-fund --no-progress --loglevel=error >/dev/null
  rm -rf "$package"
  mv "$new" "$package"
  # Beside the program, which looks there first: systemd does not look for Node.js where a user's shell does.
  ln -s "$node" "$package/dist/bin/node"
  ln -sfn "$package/dist/bin/netnsd" "$program"
  ln -sfn "$package/dist/bin/netnsd-netavark" "$netavark"
  # Renamed into its place: the one before may be running.
  install -m 755 native-scripts/build/netnsd-runc "$prefix/bin/.netnsd-runc.new"
  mv "$prefix/bin/.netnsd-runc.new" "$prefix/bin/netnsd-runc"
  sed "s|@PREFIX@|$prefix|" native-scripts/netnsd.service >"$unit"
  chmod 644 "$unit"
  with_systemd daemon-reload
  echo "netnsd is installed in ${prefix:-/}. Start it: systemctl enable --now netnsd; or in a terminal: netnsd serve"
}

if [[ -n $remove ]]; then uninstall; else install_package; fi
