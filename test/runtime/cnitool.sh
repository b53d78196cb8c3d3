#!/usr/bin/env bash
# The CNI project's own client against netnsd-cni. cnitool is in no package of Debian, but in the source of golang-github-appc-cni, and is
# built from that here; it needs the packages golang-go and golang-github-appc-cni-dev, which are no part of `npm test`:
#
#   sudo bash test/runtime/cnitool.sh [FOLDER]
#
# FOLDER: the source of golang-github-appc-cni, unpacked; otherwise apt-get downloads it. Build first: npm run build && make -C native-scripts
# It builds cnitool where it is called, and starts itself in the sandbox with it.
set -euo pipefail
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "cnitool: $*" >&2
  exit 1
}

sources() {
  # The machine's own lists of packages have no sources, as a rule.
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
  # shellcheck disable=SC1091
  echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$work/list"
  mkdir -p "$work/lists/partial"
  (cd "$work" && "${apt[@]}" update && "${apt[@]}" source --download-only golang-github-appc-cni && mkdir source &&
    tar -xf golang-github-appc-cni_*.orig.tar.* --strip-components=1 -C source)
}

build() {
  command -v go >/dev/null || fail 'go is missing: install the packages golang-go and golang-github-appc-cni-dev'
  [[ -d /usr/share/gocode/src/github.com/containernetworking/cni ]] || fail 'install the package golang-github-appc-cni-dev'
  source=${1:-}
  [[ -n $source ]] || { sources && source=$work/source; }
  GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/cache CGO_ENABLED=0 go build -o "$work/cnitool" "$source/cnitool/cnitool.go"
}

if [[ ${NETNSD_SANDBOX:-} == '' || ${1:-} != inside ]]; then
  build "$@"
  bash "$top/native-scripts/sandbox.sh" bash "$0" inside "$work/cnitool"
  exit
fi

state=$work/state
netnsd=$top/dist/bin/netnsd
trap '"$netnsd" down --state-dir "$state" --force >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
export CNI_PATH=$work/bin NETCONFPATH=$work/net.d
mkdir "$CNI_PATH" "$NETCONFPATH"
ln -s "$top/native-scripts/build/netnsd-cni" "$CNI_PATH/netnsd-cni"
ln -s /usr/lib/cni/tuning "$CNI_PATH/tuning"
"$netnsd" serve --state-dir "$state" >"$work/log" 2>&1 &
until "$netnsd" status --socket "$state/netnsd.sock" >/dev/null 2>&1; do sleep 0.2; done
ip netns add pod

for version in 0.4.0 1.0.0; do
  cat >"$NETCONFPATH/10-netnsd.conflist" <<EOF
{"cniVersion":"$version","name":"netnsd","plugins":[
  {"type":"netnsd-cni","socket":"$state/netnsd.sock","capabilities":{"portMappings":true,"bandwidth":true}},{"type":"tuning"}]}
EOF
  export CAP_ARGS='{"portMappings":[{"hostPort":20080,"containerPort":80,"protocol":"tcp"}],"bandwidth":{"egressRate":8000000,"egressBurst":800000}}'
  result=$("$2" add netnsd /run/netns/pod) || fail "add: $result"
  address=$(ip -n pod -4 -o address show eth0 | grep -o '10[.]213[.][0-9./]*' | head -1)
  [[ -n $address && $result == *"\"$address\""* ]] || fail "$version: the result does not have the address $address: $result"
  [[ $(tc -n pod qdisc show dev eth0) == *'tbf'*'rate 8Mbit'* ]] || fail "$version: the rate is not limited"
  [[ $(nft list ruleset) == *'20080 : '* ]] || fail "$version: the port leads nowhere"
  "$2" check netnsd /run/netns/pod || fail "$version: check"
  ip -n pod link set eth0 down
  ! "$2" check netnsd /run/netns/pod >/dev/null 2>&1 || fail "$version: check of an interface that is down"
  "$2" del netnsd /run/netns/pod || fail "$version: del"
  "$2" del netnsd /run/netns/pod || fail "$version: del, a second time"
  [[ $(ip -n pod -o link show | wc -l) == 1 ]] || fail "$version: an interface is left"
  [[ $("$netnsd" list --socket "$state/netnsd.sock" --json | tr -d ' \n') == *'[]'* ]] || fail "$version: a lease is left"
  echo "ok - cnitool add, check and del, version $version"
done
ip netns delete pod
