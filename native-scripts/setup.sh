#!/usr/bin/env bash
# Prepares a Debian or Ubuntu machine and this checkout, doing only what is missing; a second run does nothing:
#
#   native-scripts/setup.sh [--for demo|install|test|bench]
#
# Debian packages first (as root, or through sudo), then npm's, then the build. No service is started by the packages.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

purpose=demo

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}

while (($#)); do
  case $1 in
    --for) purpose=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --for=*) purpose=${1#*=} && shift ;;
    *) fail "unknown argument '$1'; usage: setup.sh [--for demo|install|test|bench]" ;;
  esac
done

# What is looked for (a command, or a file by its absolute path) and the package that has it.
needs=(runc=runc /bin/busybox=busybox-static ip=iproute2 unshare=util-linux make=make gcc=gcc /usr/include/stdlib.h=libc6-dev musl-gcc=musl-tools)
# What the demo shows beside netnsd, and what netnsd publishes ports with.
shown=(nft=nftables nsenter=util-linux /usr/lib/cni/bridge=containernetworking-plugins)
testing=(ethtool=ethtool iptables-legacy=iptables conntrack=conntrack crun=crun containerd=containerd ctr=containerd podman=podman conmon=conmon runsc=runsc nft=nftables strace=strace systemd-analyze=systemd /usr/lib/cni/bridge=containernetworking-plugins)
peers=(iptables=iptables hyperfine=hyperfine)
case $purpose in
  demo) needs+=("${shown[@]}") ;;
  install) ;;
  test) needs+=("${testing[@]}") ;;
  bench) needs+=("${testing[@]}" "${peers[@]}") ;;
  *) fail "--for takes demo, install, test or bench, not '$purpose'" ;;
esac

# Runs a command as root; sbin is where Debian keeps half of them, and not in every user's PATH.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    fail "root is needed for: $*. Run this as root, or install sudo"
  fi
}

# Runs a command whose output is of interest only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status)); then
    cat "$log" >&2
    rm -f "$log"
    fail "failed with status $status: $*"
  fi
  rm -f "$log"
}

has() {
  case $1 in
    # The container's whole file system is this one file, so it must need no library.
    /bin/busybox) [[ -x $1 ]] && ! ldd "$1" >/dev/null 2>&1 ;;
    /*) [[ -e $1 ]] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

check_node() {
  command -v node >/dev/null || fail 'Node.js is missing: version 20.19 or newer is needed, see https://nodejs.org/en/download'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js is $(node --version), but 20.19 or newer is needed, see https://nodejs.org/en/download"
  command -v npm >/dev/null || fail 'npm is missing: install it beside Node.js'
}

policy=/usr/sbin/policy-rc.d
policy_made=

# Debian's packages start their services as they are installed, unless this script forbids it.
forbid_services() {
  [[ ! -e $policy ]] || return 0
  policy_made=1
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

allow_services() {
  [[ -z $policy_made ]] || as_root rm -f "$policy"
  policy_made=
}

install_packages() {
  local need missing=()
  for need in "${needs[@]}"; do
    has "${need%=*}" || [[ " ${missing[*]} " == *" ${need#*=} "* ]] || missing+=("${need#*=}")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || fail "please install what has: ${missing[*]} (this is no Debian or Ubuntu, so names may differ)"
  say "installing Debian packages: ${missing[*]}"
  trap allow_services EXIT
  forbid_services
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update -qq
  quietly as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${missing[@]}"
  allow_services
  for need in "${needs[@]}"; do
    has "${need%=*}" || fail "the package ${need#*=} is installed, but ${need%=*} is still missing"
  done
}

# Up to date if npm wrote its own lock file after ours changed, or if ours is the one that was installed last.
modules_are_current() {
  [[ -e node_modules/.package-lock.json ]] || return 1
  [[ node_modules/.package-lock.json -nt package-lock.json ]] || cmp -s package-lock.json node_modules/.installed-lock.json
}

install_modules() {
  ! modules_are_current || return 0
  say 'installing npm packages'
  quietly npm ci --no-audit --no-fund --no-progress --loglevel=error
  cp package-lock.json node_modules/.installed-lock.json
}

# A folder counts as well: it changes when a file is removed, and what the compiler made of that has to go too.
build_is_current() {
  [[ -e dist/.built ]] || return 1
  [[ -z $(find src test package.json package-lock.json tsconfig.json -newer dist/.built -print -quit) ]]
}

build() {
  ! build_is_current || return 0
  say 'building'
  rm -rf dist
  quietly npm run --silent build
  touch dist/.built
}

build_native() {
  make -q -C native-scripts >/dev/null 2>&1 || say 'building the native programs'
  quietly make -C native-scripts
}

# With sudo around the whole, what was made here shall still belong to the owner of the checkout.
give_back() {
  ((EUID == 0)) || return 0
  local owner made
  owner=$(stat -c %u:%g package.json)
  [[ $owner != 0:0 ]] || return 0
  for made in node_modules dist .tap native-scripts/build; do
    [[ ! -e $made ]] || chown -R "$owner" "$made"
  done
}

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
check_node
install_packages
install_modules
build
build_native
give_back
