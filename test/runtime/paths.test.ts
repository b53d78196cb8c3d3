import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Finding } from '../../src/reconcile/findings.js';
import { Daemon, SELDOM, startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { SeenVault } from './vault.js';
import { recorded } from './vault-pool.js';

const POOL = SELDOM;
/** statfs(2) calls it so by the file system of namespaces. */
const fileSystemOf = async (path: string) => (await execa('stat', ['-L', '-f', '-c', '%T', path])).stdout;

async function findings(daemon: Daemon): Promise<Finding[]> {
  const { body } = await daemon.send('POST', '/v1/reconcile', { fix: false });
  return (body as { findings: Finding[] }).findings;
}

/** A daemon in a folder of its own whose state directory is `path` below it; it is not started. */
function daemonAt(t: Test, path: string): Daemon {
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const daemon = new Daemon(join(folder, path), t);
  mkdirSync(daemon.folder);
  return daemon;
}

for (const path of ['link/state', 'real/a b\\c']) {
  t.test(
    `state below ${JSON.stringify(path)}, links in a folder with a slash at its end: nothing is replaced`,
    async (t) => {
      await using daemon = daemonAt(t, path);
      writeFileSync(daemon.configFile, `netns_dir = ${JSON.stringify(`${daemon.folder}/netns/`)}\n${POOL}`);
      daemon.start();
      await daemon.answers();
      await daemon.filled();
      const lease = await daemon.acquire('--id', 'one');
      await daemon.filled();
      t.equal(await fileSystemOf(lease.netns.path), 'nsfs');
      t.same(await findings(daemon), []);
      const before = recorded(daemon);
      await daemon.stop();
      daemon.start();
      await daemon.answers();
      t.same(recorded(daemon), before, 'the same endpoints after a restart');
      t.same(await findings(daemon), []);
      t.same(await daemon.leases(), [lease]);
      t.equal((await daemon.send('DELETE', `/v1/leases/${lease.id}`)).status, 204);
      await eventually('it is recycled', async () => {
        const [pool] = await daemon.pools();
        return pool !== undefined && pool.recycledBySeal + pool.recycledByProof === 1;
      });
    },
  );
}

t.test('netns_dir changes between two starts: the links move, endpoints and leases stay', async (t) => {
  await using daemon = daemonAt(t, 'real/state');
  const folders = ['one', 'two'].map((name) => join(daemon.folder, name)) as [string, string];
  const configure = (folder: string) => writeFileSync(daemon.configFile, `netns_dir = "${folder}"\n${POOL}`);
  configure(folders[0]);
  daemon.start();
  await daemon.answers();
  const lease = await daemon.acquire('--id', 'one');
  await daemon.filled();
  await eventually('each has a link', () => readdirSync(folders[0]).length === 4);
  const before = recorded(daemon);
  await daemon.stop();
  configure(folders[1]);
  daemon.start();
  await daemon.answers();
  t.same(recorded(daemon), before);
  t.same(await daemon.leases(), [lease]);
  t.equal(statSync(lease.netns.path).ino, lease.netns.inode);
  await eventually('the links are in the new folder', () => readdirSync(folders[1]).length === 4);
  t.same(await findings(daemon), []);
});

t.test('the path of a lease ends with it, and no later lease has it, not even of a later daemon', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const given = new Set<string>();
  const acquire = async () => {
    const { netns, id } = await daemon.acquire('--id', `job-${given.size}`);
    t.notOk(given.has(netns.path), `${netns.path} is new`);
    given.add(netns.path);
    t.equal((await daemon.send('DELETE', `/v1/leases/${id}`)).status, 204);
    await eventually('the path leads nowhere', () => !existsSync(netns.path));
  };
  for (let turn = 0; turn < 6; turn += 1) await acquire();
  await daemon.down();
  for (const path of given) t.notOk(existsSync(path));
  daemon.start();
  await daemon.answers();
  for (let turn = 0; turn < 6; turn += 1) await acquire();
});

t.test('namespaces that were unmounted by others are not leased', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const vault = new SeenVault(daemon.stateDir);
  for (const id of vault.endpoints) await vault.run('umount', '-l', `/ns/${id}`);
  for (let turn = 0; turn < 5; turn += 1) {
    const lease = await daemon.acquire('--id', `job-${turn}`);
    t.equal(await fileSystemOf(lease.netns.path), 'nsfs', lease.netns.path);
    t.equal(statSync(lease.netns.path).ino, lease.netns.inode);
  }
});
