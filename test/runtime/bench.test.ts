import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';

const NETNSD = fileURLToPath(new URL('../../../dist/bin/netnsd', import.meta.url));
/** The smallest form of each suite that needs nothing but the daemon and a compiler. */
const SUITES = [
  ['build', '--rounds', '1', '--sizes', '2', '--peers', ''],
  ['boot', '--rounds', '1'],
  ['fill', '--rounds', '1', '--sizes', '2'],
  ['cli', '--rounds', '1'],
  ['recycle', '--rounds', '1', '--sizes', '2'],
  ['memory', '--rounds', '1', '--sizes', '2'],
] as const;

t.test('the suites of `netnsd bench` run in the program as it is shipped, and print their tables', async (t) => {
  assertSandbox();
  for (const [suite, ...options] of SUITES) {
    const { stdout, stderr, exitCode } = await execa(NETNSD, ['bench', suite, ...options, '--json'], {
      reject: false,
      stdin: 'ignore',
    });
    t.equal(exitCode, 0, `${suite}: ${stderr}`);
    const { tables } = JSON.parse(stdout || '{"tables":[]}') as { tables: { rows: object[] }[] };
    t.ok(tables.length > 0 && tables.every(({ rows }) => rows.length > 0), `${suite}: tables`);
  }
});
