import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { warmUpSoon } from '../../../src/daemon/warm-up-soon.js';

/** One whose path leaves room for a socket's name. */
function shortFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'warm-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A state directory, and what was said to the log. */
function begun(stateDir: string) {
  const said: object[] = [];
  const log = { debug: (details: object) => said.push(details) };
  return { said, warming: warmUpSoon({ stateDir, log }), folder: join(stateDir, 'warm-up') };
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds() && performance.now() < end; ) await delay(1);
}

t.test('it runs by itself, and leaves nothing', async (t) => {
  const stateDir = shortFolder(t);
  const { said, warming, folder } = begun(stateDir);
  await until(() => existsSync(folder));
  t.ok(existsSync(folder));
  await until(() => !existsSync(folder));
  t.strictSame(readdirSync(stateDir), []);
  await warming[Symbol.asyncDispose]();
  t.strictSame(said, []);
});

t.test('cut short it has ended, with nothing left, before the state directory is given up', async (t) => {
  const stateDir = shortFolder(t);
  const { said, warming, folder } = begun(stateDir);
  await until(() => existsSync(join(folder, 'state', 'ready')));
  const startedMs = performance.now();
  await warming[Symbol.asyncDispose]();
  t.ok(performance.now() - startedMs < 2000);
  t.strictSame(readdirSync(stateDir), []);
  await delay(200);
  t.strictSame(readdirSync(stateDir), [], 'and nothing comes afterwards');
  t.strictSame(said, []);
});

t.test('a daemon that ends at once does not begin with it', async (t) => {
  const stateDir = shortFolder(t);
  const { warming } = begun(stateDir);
  await warming[Symbol.asyncDispose]();
  await delay(200);
  t.strictSame(readdirSync(stateDir), []);
});

t.test('where it cannot run, that is only noted', async (t) => {
  const { said, warming } = begun('/nowhere');
  await until(() => said.length > 0);
  t.match(said, [{ err: { code: 'ENOENT' } }]);
  await warming[Symbol.asyncDispose]();
});
