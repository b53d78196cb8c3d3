#!/usr/bin/env bash
# All tests, with all set-up; what `npm test` runs:
#
#   native-scripts/test.sh [all|lint|unit|native|host|kernel|runtime|crash|PART/NAME]
#
# `runtime/leases` is one file, `unit/pool` a room and `unit/pool/bound` one file of it.
# `unit` and `native` need no root. `kernel`, `runtime` and `crash` run in sandboxes, `host` tests the sandbox from outside,
# and around the whole the machine's own state is compared. Files run side by side, two more than there are processors
# (NETNSD_TEST_JOBS). Ends with the ten slowest files, the gist of what failed, if anything did, and the line
# `N passed, N failed`; the exit status is 0 only if nothing failed and every part ran at least one test.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

case ${1:-all} in
  all) parts=(lint host crash runtime kernel native unit) ;;
  lint | unit | native | host | kernel | runtime | crash) parts=("$1") ;;
  unit/* | native/* | host/* | kernel/* | runtime/* | crash/*) parts=("${1%.test*}") ;;
  *)
    echo 'usage: native-scripts/test.sh [all|lint|unit|native|host|kernel|runtime|crash|PART/NAME]' >&2
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

# Runs the test files of the parts named, side by side; see test-files.mjs.
run_parts() {
  local part_passed=0 part_failed=0 status=0
  rm -f "$work/counts"
  node native-scripts/test-files.mjs "$work" "$@" </dev/null || status=$?
  if [[ -s $work/counts ]]; then read -r part_passed part_failed <"$work/counts"; fi
  ((status == 0)) || fail "the runner of the parts $* ended with status $status"
  passed=$((passed + part_passed))
  failed=$((failed + part_failed))
}

bash native-scripts/setup.sh --for test
# What a killed run has left goes with the first sandbox, and shall not look like a change that this run made.
[[ "${parts[*]}" =~ ^(lint|unit.*|native.*)$ ]] || bash native-scripts/sandbox.sh true
bash native-scripts/host-state.sh >"$work/before"
together=()
for part in "${parts[@]}"; do
  case $part in
    lint) check 'the sources are as biome wants them' node_modules/.bin/biome check --colors=off . ;;
    # It compares the machine's state before and after, of which the processes of other tests are a part.
    host | host/*) run_parts "$part" ;;
    *) together+=("$part") ;;
  esac
done
if ((${#together[@]})); then
  if [[ " ${together[*]} " =~ \ (kernel|runtime|crash)(/|\ ) ]]; then
    check 'the modules that the tests need are loaded' bash native-scripts/sandbox.sh node dist/test/load-modules.js
  fi
  run_parts "${together[@]}"
fi
bash native-scripts/host-state.sh >"$work/after"
check "the machine's own links, routes, rules, nftables, mounts and files are as before" \
  diff -U2 "$work/before" "$work/after"

if [[ -s $work/times ]]; then
  printf '\nslowest\n'
  sort -rn "$work/times" | head -n 10 | while read -r seconds title; do printf '  %8s s  %s\n' "$seconds" "$title"; done
fi
if [[ -s $work/failures ]]; then printf '\nwhat failed\n' && cat "$work/failures"; fi
echo
echo "$passed passed, $failed failed"
((failed == 0))
