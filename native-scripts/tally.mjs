/**
 * Reads the TAP of a run of several test files from standard input and prints a line a file, and what the failing tests
 * of a file said, of which the gist is added to the file named by the second argument. Writes the numbers of tests that
 * passed and failed, as `N N`, to the file named by the first.
 *
 * A test is what a file declares at its top. A file that fails without a failing test of its own (it crashed, or its
 * time was over) counts as one more, and so does a test that was skipped or is still to do.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const counts = { passed: 0, failed: 0 };
const POINT = /^(not )?ok \d+(?: - )?(.*?)(?: # (?:time=(\S+)|(skip|todo)\b.*))?(?: \{)?$/i;
/** Of a failure: what failed, what came instead of what, and the words of an error. */
const FAILURE = /^\s*not ok /;
const GIST = /^\s*(?:[-+](?!-|\+|(?:Array|String|Object)\b)\s*(?!String\()\S|(?:message|code|exitCode|signal|error): |\S*Error: |# (?:seed|\d+ points))/;
/** Lines a failure, and characters a line. */
const GIST_LINES = 6;
const GIST_WIDTH = 600;
const SKIPPED_DEEPER = /^ {8,}(?:not )?ok \d+ .*# (?:skip|todo)\b/i;
const [tally, failures] = process.argv.slice(2);
let lines = [];
let diagnosing = false;

function note(text) {
  appendFileSync(failures, `${text}\n`);
}

/** The lines that tell what is wrong, for a reader who has not the time for all of them. */
function gistOf(said) {
  const gist = [];
  let left = GIST_LINES;
  for (const [at, line] of said.entries()) {
    // The words of a message may begin in the line after it.
    const tells = GIST.test(line) || /^\s*message: [|>]/.test(said[at - 1] ?? '');
    if (FAILURE.test(line)) left = GIST_LINES;
    else if (!tells || left === 0) continue;
    else left -= 1;
    gist.push(line.length > GIST_WIDTH ? `${line.slice(0, GIST_WIDTH)} [...]` : line);
  }
  return gist;
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
  const line = `  ${verdict.padEnd(6)}  ${file.replace(/^dist\//, '').replace(/\.js$/, '')}: ${numbers} (${time ?? '?'})`;
  console.log(line);
  if (failed > 0) {
    const said = ofFailing();
    console.log(said.map((text) => `    | ${text}`).join('\n'));
    note([line, ...gistOf(said).map((text) => `    | ${text}`)].join('\n'));
  }
  lines = [];
  diagnosing = failed > 0;
}

for await (const line of createInterface({ input: process.stdin })) {
  const point = POINT.exec(line);
  if (point !== null) endFile(point[2], point[1] !== undefined || point[4] !== undefined, point[3]);
  else if (diagnosing && /^ {2}/.test(line)) console.log(`    | ${line}`);
  else {
    diagnosing = false;
    if (/^Bail out!/.test(line)) {
      counts.failed += 1;
      console.log(`  ${line}`);
      note(`  ${line}`);
    }
    lines.push(line);
  }
}
writeFileSync(tally, `${counts.passed} ${counts.failed}\n`);
