/**
 * Reads the TAP of a run of several test files from standard input and prints a line a file, and what the failing tests
 * of a file said, which is added to the file named by the second argument as well. Writes the numbers of tests that
 * passed and failed, as `N N`, to the file named by the first.
 *
 * A test is what a file declares at its top. A file that fails without a failing test of its own (it crashed, or its
 * time was over) counts as one more, and so does a test that was skipped or is still to do.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const counts = { passed: 0, failed: 0 };
const POINT = /^(not )?ok \d+(?: - )?(.*?)(?: # (?:time=(\S+)|(skip|todo)\b.*))?(?: \{)?$/i;
const SKIPPED_DEEPER = /^ {8,}(?:not )?ok \d+ .*# (?:skip|todo)\b/i;
const [tally, failures] = process.argv.slice(2);
let lines = [];
let diagnosing = false;

function say(text) {
  console.log(text);
  appendFileSync(failures, `${text}\n`);
}

/** The lines without those of tests that passed. */
function ofFailing() {
  let kept = [];
  let group = [];
  for (const line of lines) {
    group.push(line);
    const point = line.startsWith('    ') ? POINT.exec(line.slice(4)) : null;
    if (point === null) continue;
    const passed = point[1] === undefined && point[4] === undefined && !group.some((one) => SKIPPED_DEEPER.test(one));
    // What a test printed past TAP may tell of the next one's failure.
    kept = kept.concat(passed ? group.filter((one) => !/^ {4}/.test(one)) : group);
    group = [];
  }
  return kept.concat(group);
}

function endFile(file, failedItself, time) {
  let passed = 0;
  let failed = 0;
  for (const line of lines) {
    const point = line.startsWith('    ') ? POINT.exec(line.slice(4)) : null;
    if (point !== null && point[1] === undefined && point[4] === undefined) passed += 1;
    else if (point !== null || SKIPPED_DEEPER.test(line)) failed += 1;
  }
  if (failedItself && failed === 0) failed = 1;
  counts.passed += passed;
  counts.failed += failed;
  const verdict = failed > 0 ? 'FAILED' : 'ok';
  const numbers = failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
  const report = failed > 0 ? say : console.log;
  report(`  ${verdict.padEnd(6)}  ${file.replace(/^dist\//, '').replace(/\.js$/, '')}: ${numbers} (${time ?? '?'})`);
  if (failed > 0) {
    say(
      ofFailing()
        .map((line) => `    | ${line}`)
        .join('\n'),
    );
  }
  lines = [];
  diagnosing = failed > 0;
}

for await (const line of createInterface({ input: process.stdin })) {
  const point = POINT.exec(line);
  if (point !== null) endFile(point[2], point[1] !== undefined || point[4] !== undefined, point[3]);
  else if (diagnosing && /^ {2}/.test(line)) say(`    | ${line}`);
  else {
    diagnosing = false;
    if (/^Bail out!/.test(line)) {
      counts.failed += 1;
      say(`  ${line}`);
    }
    lines.push(line);
  }
}
writeFileSync(tally, `${counts.passed} ${counts.failed}\n`);
