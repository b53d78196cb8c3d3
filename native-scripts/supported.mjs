/**
 * What netnsd was run on, in docs/supported.md: from runs only, which docs/supported.json keeps, the newest of each kind.
 *
 *   node native-scripts/supported.mjs                        writes the page
 *   node native-scripts/supported.mjs --check                only says whether it is out of date; status 1 if it is
 *   node native-scripts/supported.mjs --machine FILE...      takes what vagrant/machine wrote, dist/machine/RELEASE.json
 *   node native-scripts/supported.mjs --node VERSION...      runs tests by each of these Node.js (20, 22, 24), which npm's package `node` brings
 *
 * Needs root for `--node`, and a built checkout. Runs that failed are taken as well: the page says so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceBlock } from './markdown-block.mjs';

const TOP = fileURLToPath(new URL('../', import.meta.url));
const PAGE = `${TOP}docs/supported.md`;
const RUNS = `${TOP}docs/supported.json`;
/** Of the runtime tests those that start the daemon in every way; all of the unit tests. */
const PARTS = ['unit', 'runtime/daemon', 'runtime/reload', 'runtime/signals', 'runtime/shelf.', 'runtime/cni.'];

const day = () => new Date().toISOString().slice(0, 10);

/** The path of a Node.js of this major version, which npm fetches into dist/node. */
function nodeOf(version) {
  const folder = `${TOP}dist/node/${version}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`], { cwd: folder, stdio: 'inherit' });
  return join(folder, 'node_modules/node/bin/node');
}

/** What V8 makes of the daemon's code belongs to one version of Node.js; an installation makes it as this does. */
function keepCode(node) {
  execFileSync(node, ['dist/src/code/keep-main.js'], { cwd: TOP, stdio: 'inherit' });
}

function runBy(version) {
  const node = nodeOf(version);
  const folder = mkdtempSync(join(tmpdir(), 'node-run-'));
  try {
    const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
    const started = performance.now();
    keepCode(node);
    const run = spawnSync(node, ['native-scripts/test-files.mjs', folder, ...PARTS], { cwd: TOP, env, stdio: 'inherit' });
    if (run.status !== 0) throw new Error(`the tests by Node.js ${version} did not come to their end`);
    const [passed, failed] = readFileSync(join(folder, 'counts'), 'utf8').split(' ').map(Number);
    const seconds = Math.round((performance.now() - started) / 1000);
    const exact = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    return { node: exact, date: day(), kernel: release(), passed, failed, seconds };
  } finally {
    keepCode(process.execPath);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `run` in place of the one of the same kind. */
function put(runs, run, kindOf) {
  return [...runs.filter((one) => kindOf(one) !== kindOf(run)), run].sort((a, b) => (kindOf(a) < kindOf(b) ? -1 : 1));
}

const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const outcome = ({ passed, failed }) => (failed === 0 ? `${passed} passed` : `${passed} passed, **${failed} failed**`);
const engines = (runtimes) => Object.entries(runtimes).map(([name, version]) => `${name} ${version}`).join(', ');

export function render(text, { machines, nodes }) {
  const machineTable = table(
    ['distribution', 'kernel', 'systemd', 'Node.js', 'engines', 'date', 'vagrant/test'],
    machines.map((run) => [run.distribution, run.kernel, run.systemd, run.node, engines(run.runtimes), run.date, `${run.parts}: ${outcome(run)}`]),
  );
  const nodeTable = table(
    ['Node.js', 'kernel', 'date', 'tests'],
    nodes.map((run) => [run.node, run.kernel, run.date, outcome(run)]),
  );
  return replaceBlock(replaceBlock(text, 'machines', machineTable), 'nodes', nodeTable);
}

function main([what, ...words]) {
  let runs = JSON.parse(readFileSync(RUNS, 'utf8'));
  if (what === '--machine')
    for (const file of words)
      runs = { ...runs, machines: put(runs.machines, JSON.parse(readFileSync(file, 'utf8')), ({ distribution }) => distribution) };
  if (what === '--node')
    for (const version of words) runs = { ...runs, nodes: put(runs.nodes, runBy(version), ({ node }) => node.split('.')[0]) };
  const text = readFileSync(PAGE, 'utf8');
  const next = render(text, runs);
  if (what === '--check') {
    if (next !== text) console.error('docs/supported.md is not what docs/supported.json says: run `node native-scripts/supported.mjs`');
    process.exitCode = next === text ? 0 : 1;
    return;
  }
  writeFileSync(RUNS, `${JSON.stringify(runs, null, 2)}\n`);
  writeFileSync(PAGE, next);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
