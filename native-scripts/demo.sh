#!/usr/bin/env bash
# Sets this machine up, and shows netnsd's main job in a sandbox: a real container on a pooled namespace. What
# `npm run demo` runs. Ends by comparing the machine with what it was before.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bash native-scripts/setup.sh --for demo
bash native-scripts/host-state.sh >"$work/before"
status=0
bash native-scripts/sandbox.sh node dist/src/bench/demo/main.js || status=$?
bash native-scripts/host-state.sh >"$work/after"
if ! diff -U2 "$work/before" "$work/after"; then
  echo 'demo: the machine is not as it was; the difference is above' >&2
  exit 1
fi
((status)) || echo "   this machine's links, routes, rules, nftables and mounts are the same as before"
exit "$status"
