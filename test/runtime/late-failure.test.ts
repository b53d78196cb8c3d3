import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { assertSandbox } from '../guard.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

t.test('a start that fails when the pools are at work already ends, and says why', async (t) => {
  assertSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'late-'));
  const [config, stateDir, socket] = [join(folder, 'c.toml'), join(folder, 'state'), '/proc/netnsd.sock'];
  writeFileSync(config, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 40\n');
  const options = ['--config', config, '--state-dir', stateDir, '--socket', socket];
  const { exitCode, stderr, timedOut } = await execa(MAIN, ['serve', ...options], { reject: false, timeout: 300_000 });
  t.notOk(timedOut, 'it does not stay with its pools');
  t.equal(exitCode, 2);
  t.match(stderr, /cannot listen on \/proc\/netnsd.sock/);
  const down = await execa(MAIN, ['down', '--state-dir', stateDir, '--socket', join(folder, 'other')]);
  t.equal(down.exitCode, 0, 'and what it had begun can be taken down');
});
