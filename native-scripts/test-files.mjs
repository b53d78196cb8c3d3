/**
 * Runs test files side by side and says what came of each:
 *
 *   node native-scripts/test-files.mjs FOLDER PART[/BEGIN]...
 *
 * Each file is a program that prints TAP, and is given a process of its own; the unit tests of a room share one. `runtime/le`
 * are the files of runtime whose names begin so, `unit/pool` is a room and `unit/pool/bound` one file of it. The parts
 * kernel, runtime and crash get a sandbox for each file, so that two of them never meet. Writes the numbers of tests that
 * passed and failed into FOLDER/counts, the gist of failures into FOLDER/failures, and each file's seconds into FOLDER/times.
 * NETNSD_TEST_JOBS: how many at once; default two more than processors, since tests wait a lot.
 */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { tallyOf } from './tally.mjs';

const TESTS = 'dist/test';
/** Of a file, however slow the machine is: only what hangs takes longer. */
const LIMIT_SECONDS = 3600;
const SANDBOXED = ['kernel', 'runtime', 'crash'];
const JOBS = Number(process.env.NETNSD_TEST_JOBS ?? availableParallelism() + 2);
const [folder, ...parts] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };

/** What is run for one of the arguments, each with its title. */
function programsOf(what) {
  const [part, , inRoom] = what.split('/');
  const entries = readdirSync(join(TESTS, part), { recursive: true, withFileTypes: true });
  const files = entries.flatMap((one) => (one.name.endsWith('.test.js') ? [join(one.parentPath ?? one.path, one.name)] : []));
  const alone = files.map((file) => ({ part, title: file.replace(/^dist\/|\.js$/g, ''), args: [file] }));
  const rooms = [...new Set(files.map((file) => file.split('/')[3]))].map((room) => `unit/${room}`);
  const shared = rooms.map((room) => ({ part, title: `test/${room}`, args: [join(TESTS, 'room.js'), room] }));
  const all = part === 'unit' && inRoom === undefined ? shared : alone;
  const programs = all.filter(({ title }) => title.startsWith(`test/${what}`));
  if (programs.length === 0) throw new Error(`no test in test/${what}`);
  return programs.sort((a, b) => (a.title < b.title ? -1 : 1));
}

function commandOf({ part, args }) {
  // sudo drops the environment.
  const settings = Object.entries(process.env).filter(([name]) => /^(NETNSD_|TAP_|CI$|PATH$|TMPDIR$)/.test(name));
  if (SANDBOXED.includes(part)) settings.splice(0, settings.length, ...settings.filter(([name]) => name !== 'TMPDIR'));
  const env = ['env', `TAP_TIMEOUT=${LIMIT_SECONDS}`, ...settings.map(([name, value]) => `${name}=${value}`)];
  const node = [...env, process.execPath, '--enable-source-maps', ...args];
  if (SANDBOXED.includes(part)) return ['bash', 'native-scripts/sandbox.sh', ...node];
  return part === 'host' && process.getuid() !== 0 ? ['sudo', '--', ...node] : node;
}

async function run(program) {
  const [command, ...args] = commandOf(program);
  const started = performance.now();
  const options = { reject: false, stdin: 'ignore', timeout: (LIMIT_SECONDS + 60) * 1000, forceKillAfterDelay: 30_000 };
  const { stdout, stderr, exitCode, signal } = await execa(command, args, options);
  report(program.title, (performance.now() - started) / 1000, { ...tallyOf(stdout, exitCode ?? signal), stderr });
}

function report(title, seconds, { passed, failed, failures, gist, comments, stderr }) {
  counts.passed += passed;
  counts.failed += failed;
  const numbers = failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
  const line = `  ${failed > 0 ? 'FAILED' : 'ok    '}  ${title}: ${numbers} (${seconds.toFixed(1)} s)`;
  // How to repeat what was drawn by lots.
  const drawn = comments.filter((comment) => /_SEED=/.test(comment)).map((comment) => `          ${comment}`);
  console.log([line, ...drawn].join('\n'));
  appendFileSync(`${folder}/times`, `${seconds.toFixed(1)} ${title}\n`);
  if (failed === 0) return;
  console.log(quoted([...failures, stderr].join('\n')));
  appendFileSync(`${folder}/failures`, [line, ...drawn, quoted(gist.join('\n')), ''].join('\n'));
}

function quoted(words) {
  return words.trimEnd().replace(/^/gm, '    | ');
}

const queue = parts.flatMap(programsOf);
const worker = async () => {
  for (let program = queue.shift(); program !== undefined; program = queue.shift()) await run(program);
};
await Promise.all(Array.from({ length: JOBS }, worker));
writeFileSync(`${folder}/counts`, `${counts.passed} ${counts.failed}\n`);
