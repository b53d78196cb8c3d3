import { pathToFileURL } from 'node:url';
import t from 'tap';
import { TOP } from '../docs/markdown.js';

interface Tally {
  passed: number;
  failed: number;
  failures: string[];
  gist: string[];
  comments: string[];
}
const { tallyOf } = (await import(pathToFileURL(`${TOP}native-scripts/tally.mjs`).href)) as {
  tallyOf(tap: string, exitCode?: number | string): Tally;
};

const PASSED = '# Subtest: a\n    # seed 7: X_SEED=7\n    ok 1 - should be equal\n    1..1\nok 1 - a # time=1ms\n';
const FAILED = `# Subtest: b
    ok 1 - fine
    not ok 2 - should be equal
      ---
      at:
        fileName: test/b.test.ts
        lineNumber: 12
      diff: |
        --- expected
        +++ actual
        @@ -1,1 +1,1 @@
        -7
        +8
      ...
    1..2
    # failed 1 of 2 tests
not ok 2 - b # time=1ms
`;
const DEEP_SKIP =
  '# Subtest: c\n    # Subtest: d\n        ok 1 - later # SKIP no\n        1..1\n    ok 1 - d\n    1..1\nok 1 - c\n';

const ROWS: [what: string, tap: string, exitCode: number | string, passed: number, failed: number, gist: RegExp][] = [
  ['all passed', `TAP version 14\n${PASSED}1..1\n`, 0, 1, 0, /^$/],
  [
    'one of two failed',
    `TAP version 14\n${PASSED}${FAILED}1..2\n`,
    1,
    1,
    1,
    /^b > should be equal\n.*b.test.ts:12\n +-7\n +\+8$/,
  ],
  ['skipped', 'TAP version 14\nok 1 - x # SKIP because\n1..1\n', 0, 0, 1, /x\n.*skipped/],
  ['to do', 'TAP version 14\nnot ok 1 - x # TODO\n1..1\n', 0, 0, 1, /x\n.*to do/],
  ['skipped far inside', `TAP version 14\n${DEEP_SKIP}1..1\n`, 0, 0, 1, /^c > d > later\n.*skipped/],
  ['passed, and another status than 0', `TAP version 14\n${PASSED}1..1\n`, 3, 1, 1, /status 3/],
  ['killed', `TAP version 14\n${PASSED}`, 'SIGKILL', 1, 1, /status SIGKILL after 1 tests/],
  ['ended before its plan', `TAP version 14\n${PASSED}1..5\n`, 0, 1, 1, /after 1 tests: incorrect number of tests/],
  ['no test', 'TAP version 14\n1..0\n', 0, 0, 1, /after 0 tests/],
  ['nothing', '', 0, 0, 1, /after 0 tests/],
  ['no TAP', 'Error: no\n    at x\n', 1, 0, 1, /status 1 after 0 tests/],
  ['given up', `TAP version 14\n${PASSED}Bail out! no more\n`, 1, 1, 1, /no more/],
];

for (const [what, tap, exitCode, passed, failed, gist] of ROWS)
  t.test(`a test program: ${what}`, async (t) => {
    const tally = tallyOf(tap, exitCode);
    t.match(tally, { passed, failed });
    t.match(tally.gist.join('\n'), gist);
  });

t.test('of a program that fails what passed is left out, and comments are kept', async (t) => {
  const { failures, comments } = tallyOf(`TAP version 14\n${PASSED}${FAILED}1..2\n`, 1);
  t.equal(failures.length, 1);
  t.match(failures[0], /not ok 2 - should be equal/);
  t.notMatch(failures[0], /ok 1 - a/);
  t.ok(comments.some((comment) => /X_SEED=7/.test(comment)));
});
