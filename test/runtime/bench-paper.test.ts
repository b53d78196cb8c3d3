import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import type { Results } from '../../src/bench/paper/journal.js';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));

/** The machine as native-scripts/host-state.sh describes it: links, routes, rules, mounts, processes, files. */
async function stateOfMachine(): Promise<string> {
  return (await execa('bash', ['native-scripts/host-state.sh'], { cwd: TOP })).stdout;
}

assertSandbox();

/** `netnsd bench paper` with a small set; its report goes to `out`. */
function benchPaper(out: string, ...more: string[]) {
  const [file, ...args] = PLAIN;
  const small = ['--at-once', '1,3', '--languages', 'sh', '--contenders', 'runc-host,ip-commands,netnsd-runc'];
  const own = ['bench', 'paper', '--out', out, '--idle', '0', '--pool-sizes', '', ...small, ...more];
  return execa(file, [...args, `${TOP}dist/bin/netnsd`, ...own], { reject: false, stdin: 'ignore' });
}

t.test('netnsd bench paper measures, writes its report and leaves nothing', async (t) => {
  const out = t.testdir();
  const before = await stateOfMachine();
  const bench = await benchPaper(out, '--rounds', '1');
  t.equal(bench.exitCode, 0, bench.stderr);
  t.equal(await stateOfMachine(), before);
  const { runs, networks, complete } = JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as Results;
  t.ok(complete);
  t.same(
    runs.flatMap(({ contender, error }) => (error === null ? [] : `${contender}: ${error}`)),
    [],
  );
  const measured = new Set(runs.map(({ contender, language, atOnce }) => `${contender} ${language} ${atOnce}`));
  for (const name of ['runc-host', 'ip-commands', 'netnsd-runc'])
    for (const atOnce of [1, 3]) t.ok(measured.has(`${name} c ${atOnce}`), `${name} at ${atOnce}`);
  t.ok(measured.has('netnsd-runc sh 10'));
  t.same([...new Set(networks.map(({ contender }) => contender))], ['ip-commands']);
  for (const { requests } of runs)
    for (const { sentMs, answeredMs, doneMs, stages } of requests)
      t.ok(sentMs <= answeredMs && answeredMs <= doneMs && (stages.start ?? 0) > 0, 'its stages follow each other');
  t.match(readFileSync(`${out}/report.html`, 'utf8'), '<svg');
  t.equal(readFileSync(`${out}/runs.csv`, 'utf8').trim().split('\r\n').length, runs.length + 1);
});

t.test('netnsd bench paper that is interrupted leaves nothing, and writes what was measured', async (t) => {
  const out = t.testdir();
  const before = await stateOfMachine();
  const bench = benchPaper(out, '--rounds', '100');
  bench.stderr?.on('data', (text: Buffer) => {
    if (String(text).includes('measured: ')) bench.kill('SIGINT');
  });
  t.equal((await bench).exitCode, 130);
  t.equal(await stateOfMachine(), before);
  const { runs, complete } = JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as Results;
  t.notOk(complete);
  t.ok(runs.length > 0);
  t.match(readFileSync(`${out}/report.html`, 'utf8'), 'The measuring was interrupted');
});
