import { Parser } from 'tap-parser';

/** Lines of the gist of one failure, and characters of a line. */
const GIST_LINES = 8;
const GIST_WIDTH = 600;
/** What of a failure's diagnostics tells most. */
const TELLING = ['message', 'error', 'code', 'exitCode', 'signal', 'found', 'wanted', 'stderr'];

/**
 * What a test program's TAP says: how many of the tests that it declares at its top passed and failed, what the failing ones
 * said in full, the gist of that, and the comments. A test that is skipped or still to do has failed, and so has a program
 * that ends with another status than 0, before its plan was fulfilled or without any test.
 */
export function tallyOf(tap, exitCode = 0) {
  const log = Parser.parse(tap);
  const failures = [];
  const gist = [];
  let passed = 0;
  let said = [];
  for (const event of log) {
    said.push(event);
    const [type, value] = event;
    if (type === 'bailout') gist.push(`Bail out! ${value}`);
    if (type !== 'assert') continue;
    const broken = brokenIn(said);
    if (broken.length === 0) passed += 1;
    else {
      failures.push(Parser.stringify(said));
      gist.push(...broken.flatMap(gistOf));
    }
    said = [];
  }
  const complete = log.find(([type]) => type === 'complete')?.[1];
  const whole = exitCode === 0 && complete?.ok === true && passed > 0;
  if (!whole && failures.length === 0) {
    const reason = complete?.failures?.map(({ tapError }) => tapError).join(', ');
    gist.push(`ended with status ${exitCode} after ${passed} tests${reason ? `: ${reason}` : ''}`);
  }
  const failed = Math.max(failures.length, whole ? 0 : 1);
  return { passed, failed, failures, gist, comments: commentsIn(log) };
}

/** The innermost test points that did not pass, with the names of the tests around them. */
function brokenIn(log, path = []) {
  const broken = [];
  for (const [at, [type, value]] of log.entries()) {
    if (type !== 'assert' || (value.ok && !value.skip && !value.todo && log[at - 1]?.[0] !== 'child')) continue;
    const names = [...path, value.name];
    const inner = log[at - 1]?.[0] === 'child' ? brokenIn(log[at - 1][1], names) : [];
    if (inner.length > 0) broken.push(...inner);
    else if (!value.ok || value.skip || value.todo) broken.push({ ...value, names });
  }
  return broken;
}

function gistOf({ names, skip, todo, diag }) {
  const { at, diff, ...rest } = diag ?? {};
  const changed = typeof diff === 'string' ? diff.split('\n').filter((line) => /^[-+](?!--|\+\+)/.test(line)) : [];
  const told = TELLING.filter((key) => rest[key] !== undefined).flatMap((key) => `${key}: ${text(rest[key])}`.split('\n'));
  const place = at?.fileName === undefined ? [] : [`at ${at.fileName}:${at.lineNumber}`];
  const unmet = skip || todo ? [`it was ${skip ? 'skipped' : 'left to do'}`] : [];
  const lines = [...unmet, ...changed, ...told].slice(0, GIST_LINES - 1);
  return [names.join(' > '), ...[...place, ...lines].map((line) => `    ${line}`)].map(shorten);
}

function text(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shorten(line) {
  return line.length > GIST_WIDTH ? `${line.slice(0, GIST_WIDTH)} [...]` : line;
}

function commentsIn(log) {
  return log.flatMap(([type, value]) => {
    if (type === 'child') return commentsIn(value);
    return type === 'comment' ? [value.trim()] : [];
  });
}
