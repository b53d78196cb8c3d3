import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { SELDOM, startDaemon } from './daemon.js';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));

t.test(
  'a daemon whose package is being replaced answers every request, since it has loaded all its code',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'package-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const installed = join(folder, 'netnsd');
    for (const part of ['package.json', 'dist/bin', 'dist/bundle', 'dist/src'])
      cpSync(join(TOP, part), join(installed, part), { recursive: true });
    symlinkSync(join(TOP, 'node_modules'), join(installed, 'node_modules'));
    const program = [process.execPath, join(installed, 'dist/src/main.js')];
    await using daemon = await startDaemon(t, SELDOM, { program });
    renameSync(installed, `${installed}.former`);
    for (const url of ['/openapi.json', '/metrics', '/healthz', '/v1/pools', '/v1/leases']) {
      t.equal((await daemon.send('GET', url)).status, 200, url);
    }
    const { status, body } = await daemon.send('POST', '/v1/leases', { containerId: 'one' });
    t.equal(status, 201, JSON.stringify(body));
    t.equal((await daemon.send('DELETE', '/v1/containers/one/lease')).status, 204);
    renameSync(`${installed}.former`, installed);
  },
);
