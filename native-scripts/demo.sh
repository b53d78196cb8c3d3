#!/usr/bin/env bash
# Sets this machine up, and shows in a sandbox what netnsd is for: containers started at once by several ways, then the story of a
# pooled one. What `npm run demo` runs; `-- --at-once 1,10` for fewer. Ends by comparing the machine with what it was before.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bash native-scripts/setup.sh --for demo
bash native-scripts/host-state.sh >"$work/before"
status=0
bash native-scripts/sandbox.sh node dist/src/bench/demo/main.js "$@" || status=$?
bash native-scripts/host-state.sh >"$work/after"
if ! diff -U2 "$work/before" "$work/after"; then
  echo 'demo: the machine is not as it was; the difference is above' >&2
  exit 1
fi
((status)) || echo "   this machine's links, routes, rules, nftables and mounts are the same as before"
exit "$status"
