#!/usr/bin/env bash
# All benchmarks with their set-up: `npm run bench`, or `npm run bench -- SUITE [OPTION...]` for one of them. Each works in
# namespaces of its own and leaves nothing on the machine.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

bash native-scripts/setup.sh --for bench
bench() {
  if ((EUID == 0)); then node dist/src/main.js bench "$@"; else sudo -- env "PATH=$PATH" node dist/src/main.js bench "$@"; fi
}
if (($#)); then
  bench "$@"
else
  for suite in build boot fill acquire cli cni start scale network recycle memory; do bench "$suite"; done
fi
