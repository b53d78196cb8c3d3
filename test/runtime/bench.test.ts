import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { SUITES } from '../../src/bench/options.js';
import { assertSandbox } from '../guard.js';
import { PLAIN } from '../plain-node.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));

/** The machine as native-scripts/host-state.sh describes it: links, routes, rules, mounts, processes, files. */
async function stateOfMachine(): Promise<string> {
  return (await execa('bash', ['native-scripts/host-state.sh'], { cwd: TOP })).stdout;
}

assertSandbox();

for (const suite of SUITES) {
  t.test(`netnsd bench ${suite} of the shipped program measures and leaves nothing`, async (t) => {
    const before = await stateOfMachine();
    const [file, ...args] = PLAIN;
    const smallest = ['--rounds', '1', '--sizes', suite === 'scale' ? '20,60' : '4', '--starts', '4', '--peers', ''];
    const bench = await execa(file, [...args, `${TOP}dist/bin/netnsd`, 'bench', suite, ...smallest, '--json'], {
      reject: false,
      stdin: 'ignore',
    });
    t.equal(bench.exitCode, 0, bench.stderr);
    const { tables } = JSON.parse(bench.stdout) as { tables: { title: string; rows: object[] }[] };
    t.ok(tables.length > 0, 'there are tables');
    for (const { title, rows } of tables) t.ok(rows.length > 0, title);
    t.equal(await stateOfMachine(), before);
  });
}

t.test('netnsd bench sizing of the shipped program simulates', async (t) => {
  const [file, ...args] = PLAIN;
  // The patterns of a day take it most of a minute; test/unit/bench/sizing.test.ts plays parts of them.
  const trace = `${t.testdir({ 'trace.csv': '10,20\n70,30\n' })}/trace.csv`;
  const sizing = ['bench', 'sizing', '--trace', trace, '--json'];
  const { stdout } = await execa(file, [...args, `${TOP}dist/bin/netnsd`, ...sizing]);
  const { tables } = JSON.parse(stdout) as { tables: { rows: object[] }[] };
  t.ok(tables.length > 0 && tables.every(({ rows }) => rows.length > 0));
});

t.test('the demo starts containers by each way, tells the story of a pooled one, and leaves nothing', async (t) => {
  const before = await stateOfMachine();
  const [file, ...args] = PLAIN;
  // As native-scripts/demo.sh runs it, once the machine is set up.
  const program = [`${TOP}dist/src/bench/demo/main.js`, '--at-once', '1,4'];
  const command = ['bash', `${TOP}native-scripts/sandbox.sh`, process.execPath, ...program];
  const demo = await execa(file, [...args, ...command], { reject: false, stdin: 'ignore' });
  t.equal(demo.exitCode, 0, demo.stderr);
  for (const level of ['1 at once', '4 at once']) t.match(demo.stdout, level);
  for (const title of ['host networking', 'ip commands', 'CNI bridge', 'netnsd-runc'])
    t.equal(demo.stdout.match(new RegExp(`${title} +[█▉▊▋▌▍▎▏].* x$`, 'gm'))?.length, 2, title);
  for (const fact of [
    /saw the address of this host/,
    /hello from the container/,
    /verified and replaced: /,
    /is ready again/,
  ])
    t.match(demo.stdout, fact);
  t.match(demo.stdout, 'the next daemon has both leases');
  t.equal(await stateOfMachine(), before);
});
