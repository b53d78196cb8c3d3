import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { CooldownFile, type RecordWarning } from '../../../src/state/index.js';

function files(t: Test) {
  const directory = t.testdir();
  const warnings: RecordWarning[] = [];
  const open = (keepMs = 1_000) => new CooldownFile(directory, { keepMs });
  const load = () => open().load((warning) => warnings.push(warning));
  return { directory, path: join(directory, 'cooldowns'), warnings, open, load };
}

t.test('the next daemon finds the latest cooldown of each address, without a close', async (t) => {
  const { open, load, warnings, path } = files(t);
  const file = open();
  t.same(
    file.load(() => t.fail()),
    [],
  );
  file.add('10.0.0.2', 100);
  file.add('10.0.0.3', 200.25);
  file.add('10.0.0.2', 300);
  t.same(load(), [
    { address: '10.0.0.3', sinceMs: 201 },
    { address: '10.0.0.2', sinceMs: 300 },
  ]);
  t.same(warnings, []);
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('an incomplete or invalid line is ignored, and does not spoil a later one', async (t) => {
  const { open, load, path, warnings } = files(t);
  writeFileSync(path, '10.0.0.2 100\n999.1.1.1 5\n10.0.0.9 -5\nnonsense\n10.0.0.3 2', { mode: 0o600 });
  appendFileSync(path, '');
  const file = open();
  t.match(
    file.load(() => t.fail()),
    [{ address: '10.0.0.2' }, { address: '10.0.0.3', sinceMs: 2 }],
  );
  file.add('10.0.0.4', 300);
  t.same(
    load().map(({ address }) => address),
    ['10.0.0.2', '10.0.0.3', '10.0.0.4'],
  );
  t.same(warnings, []);
});

t.test('the file does not grow with expired cooldowns', async (t) => {
  const { open, load, path } = files(t);
  const file = open(50);
  for (let i = 0; i < 30_000; i += 1) file.add(`10.0.${(i >> 8) & 3}.${i & 255}`, i);
  t.ok(statSync(path).size < 20 * 6_000, `${statSync(path).size} bytes`);
  const resting = load().filter(({ sinceMs }) => sinceMs > 29_999 - 50);
  t.equal(resting.length, 50, 'and none that rests is lost');
});

t.test('a cooldown that cannot be written is written with the next one', async (t) => {
  const { open, load, path } = files(t);
  const file = open();
  mkdirSync(path);
  t.throws(() => file.add('10.0.0.2', 100), { code: 'EISDIR' });
  rmSync(path, { recursive: true });
  file.add('10.0.0.3', 200);
  t.same(
    load().map(({ address }) => address),
    ['10.0.0.2', '10.0.0.3'],
  );
});

t.test('a file that netnsd did not write is neither read nor written through', async (t) => {
  const { directory, open, path, warnings, load } = files(t);
  const target = join(directory, 'target');
  writeFileSync(target, '10.0.0.2 100\n');
  symlinkSync(target, path);
  t.same(load(), []);
  t.match(warnings, [{ path, problem: 'it is not a regular file' }]);
  t.throws(() => open().add('10.0.0.3', 100), { code: 'ELOOP' });
  t.equal(readFileSync(target, 'utf8'), '10.0.0.2 100\n');
  t.notOk(existsSync(`${path}.new`));
});
