#!/usr/bin/env bash
# The long forms of the crash tests, with all set-up; see docs/crash-safety.md:
#
#   native-scripts/storm.sh [--long] [--kills N] [--seed N] | --walk [--every N]
#
# Without an option: a storm of 200 kills. `--long`: one of 5 000. `--walk`: instead, every fault at every point, at its
# first and its last pass; `--every 20` takes one step in twenty. The seed is printed; with `--seed` what the clients do
# and how long each daemon lives is repeated.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

kills=200
seed=
walk=
every=1
while (($#)); do
  case $1 in
    --long) kills=5000 && shift ;;
    --walk) walk=1 && shift ;;
    --every) every=${2:?--every takes a number} && shift 2 ;;
    --kills) kills=${2:?--kills takes a number} && shift 2 ;;
    --seed) seed=${2:?--seed takes a number} && shift 2 ;;
    *)
      echo 'usage: native-scripts/storm.sh [--long] [--kills N] [--seed N] | --walk [--every N]' >&2
      exit 2
      ;;
  esac
done
[[ $kills$seed$every =~ ^[0-9]+$ ]] || {
  echo 'storm.sh: --kills, --seed and --every take whole numbers' >&2
  exit 2
}

bash native-scripts/setup.sh --for test
settings=(TAP_TIMEOUT=86400 "NETNSD_STORM_KILLS=$kills")
[[ -z $seed ]] || settings+=("NETNSD_STORM_SEED=$seed")
file=dist/test/crash/storm.test.js
if [[ $walk ]]; then
  settings+=(NETNSD_WALK=long "NETNSD_WALK_EVERY=$every")
  file=dist/test/crash/walk.test.js
fi
exec bash native-scripts/sandbox.sh env "${settings[@]}" node --enable-source-maps "$file"
