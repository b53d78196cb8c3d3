#!/usr/bin/env bash
# All tests, with all set-up; what `npm test` runs:
#
#   native-scripts/test.sh [all|lint|unit|native|host|kernel|runtime|crash]
#
# `unit` and `native` need no root. `kernel`, `runtime` and `crash` run inside the sandbox, `host` tests the sandbox from
# outside, and around the whole the machine's own state is compared. Ends with the gist of what failed, if anything did, and
# the line `N passed, N failed`; the exit status is 0 only if nothing failed and every part ran at least one test.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

case ${1:-all} in
  all) parts=(lint unit native host kernel runtime crash) ;;
  lint | unit | native | host | kernel | runtime | crash) parts=("$1") ;;
  *)
    echo 'usage: native-scripts/test.sh [all|lint|unit|native|host|kernel|runtime|crash]' >&2
    exit 2
    ;;
esac

passed=0
failed=0
work=$(mktemp -d)
# Unit tests run on the machine itself: what they leave goes with this.
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
trap 'give_back; rm -rf "$work" 2>/dev/null || as_root rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -- env "PATH=$PATH" "CI=${CI:-}" "TMPDIR=$TMPDIR" "$@"; fi
}

# What tap wrote as root shall still belong to the owner of the checkout.
# shellcheck disable=SC2317 # called by a trap
give_back() {
  [[ $(stat -c %u package.json) == 0 || -z $(find .tap -user 0 -print -quit 2>/dev/null) ]] ||
    as_root chown -R --reference=package.json .tap
}

# Counts one failure: its title, and what was said in a file if it is named.
fail() {
  failed=$((failed + 1))
  {
    echo "  FAILED  $1"
    sed 's/^/    | /' "${2:-/dev/null}"
  } | tee -a "$work/failures"
}

# Counts one check of this script's own: its title, then the command, whose output is shown if it fails.
check() {
  local title=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "  ok      $title"
  else
    fail "$title" "$work/output"
  fi
}

# Runs the tests of one part, by the command in `$2...` if there is one; `limit`: seconds for a file.
run_part() {
  local part=$1 status=0 part_passed=0 part_failed=0 limit=${limit:-900} files
  shift
  mapfile -t files < <(find "dist/test/$part" -name '*.test.js' 2>/dev/null | sort)
  if ((${#files[@]} == 0)); then
    fail "no test in test/$part"
    return
  fi
  rm -f "$work/tally"
  "$@" node_modules/.bin/tap run --timeout="$limit" --reporter=tap "${files[@]}" </dev/null 2>"$work/errors" |
    node native-scripts/tally.mjs "$work/tally" "$work/failures" || status=$?
  if [[ -s $work/tally ]]; then read -r part_passed part_failed <"$work/tally"; fi
  # The runner may fail with no test to blame, or end before it ran one.
  if ((part_failed == 0 && (status != 0 || part_passed == 0))); then
    fail "the test runner of $part ended with status $status after $part_passed tests"
  fi
  if ((part_failed || status || part_passed == 0)); then sed 's/^/    | /' "$work/errors"; fi
  passed=$((passed + part_passed))
  failed=$((failed + part_failed))
}

# tap compiles its plugins when it is first run, which must not happen where there is no network.
prepare_tap() {
  [[ ! .tap/plugins -nt node_modules/.package-lock.json ]] || return 0
  node_modules/.bin/tap build >"$work/output" 2>&1 </dev/null || cat "$work/output"
}

bash native-scripts/setup.sh --for test
prepare_tap
bash native-scripts/host-state.sh >"$work/before"
for part in "${parts[@]}"; do
  echo "$part"
  case $part in
    lint) check 'the sources are as biome wants them' node_modules/.bin/biome check --colors=off . ;;
    kernel | runtime) run_part "$part" bash native-scripts/sandbox.sh ;;
    # A sixth of the walk, since all of it takes half an hour: lots are drawn which.
    crash) limit=1500 run_part crash bash native-scripts/sandbox.sh env "NETNSD_WALK_EVERY=${NETNSD_WALK_EVERY:-6}" ;;
    host) run_part host as_root ;;
    unit | native) run_part "$part" ;;
  esac
done
echo 'machine'
bash native-scripts/host-state.sh >"$work/after"
check "the machine's own links, routes, rules, nftables, mounts and files are as before" \
  diff -U2 "$work/before" "$work/after"

# The gist of it, where nobody has to look for it.
if [[ -s $work/failures ]]; then printf '\nwhat failed\n' && cat "$work/failures"; fi
echo
echo "$passed passed, $failed failed"
((failed == 0))
