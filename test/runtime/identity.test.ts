import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { shortHash } from '../../src/endpoint/identity.js';
import { assertSandbox } from '../guard.js';
import { Daemon, MAIN, SELDOM, startDaemon } from './daemon.js';
import { answersPing, eventually, links } from './eye.js';

/** Two folders whose daemons have one instance id by their paths. */
function collidingFolders(): [string, string] {
  const base = mkdtempSync(join(tmpdir(), 'twins-'));
  const seen = new Map<string, string>();
  for (let n = 0; ; n += 1) {
    const folder = join(base, String(n));
    const id = shortHash(join(folder, 'state'));
    const twin = seen.get(id);
    if (twin !== undefined) return [twin, folder];
    seen.set(id, folder);
  }
}

async function startIn(t: Test, folder: string, subnet: string): Promise<Daemon> {
  mkdirSync(folder, { recursive: true });
  const daemon = new Daemon(folder, t);
  writeFileSync(daemon.configFile, SELDOM.replace('10.213.0.0/24', subnet));
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  return daemon;
}

const instanceOf = (daemon: Daemon): string =>
  JSON.parse(readFileSync(join(daemon.stateDir, 'site.json'), 'utf8')).instanceId;

t.test('two daemons whose instance ids would be one keep apart, over restarts too', async (t) => {
  assertSandbox();
  const [one, two] = collidingFolders();
  await using first = await startIn(t, one, '10.201.0.0/24');
  const lease = await first.acquire('--id', 'a');
  const address = (lease.addresses[0]?.address ?? '').split('/')[0] as string;
  await using second = await startIn(t, two, '10.202.0.0/24');
  t.not(instanceOf(second), instanceOf(first), 'the second one has chosen another id');
  t.ok(await answersPing(address), 'the lease of the first one stands');
  await second.acquire('--id', 'b');
  const before = [instanceOf(first), instanceOf(second)];
  for (const daemon of [first, second]) await daemon.stop();
  for (const daemon of [second, first]) {
    daemon.start();
    await daemon.answers();
  }
  t.same([instanceOf(first), instanceOf(second)], before, 'each goes on with the id of its objects');
  await second.down();
  t.ok(await answersPing(address), 'the end of the second one took nothing of the first');
  t.equal((await first.leases()).length, 1);
});

t.test(
  'a second daemon with the same state directory in another mount namespace is refused before it writes',
  async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
    const { id } = await daemon.acquire('--id', 'a');
    const before = await names();
    const elsewhere = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
    const script = `mount -t tmpfs none ${daemon.stateDir} && "$0" "$@"; status=$?; ls -A ${daemon.stateDir}; exit $status`;
    const options = [
      '--config',
      daemon.configFile,
      '--state-dir',
      daemon.stateDir,
      '--socket',
      join(daemon.folder, 'other'),
    ];
    const [file, ...args] = [...elsewhere, script, process.execPath, MAIN];
    for (const command of ['serve', 'down']) {
      const own = command === 'serve' ? options : options.slice(2);
      const ran = await execa(file as string, [...args, command, ...own], { reject: false });
      t.equal(ran.exitCode, 1, command);
      t.match(ran.stderr, new RegExp(`another daemon \\(pid ${daemon.pid}\\) runs on another folder .* --state-dir`));
      t.equal(ran.stdout, '', 'nothing was written');
    }
    const after = await names();
    // Number 0 is the reference endpoint, which is built to be read and destroyed.
    const gone = before.filter((name) => !name.endsWith('-0') && !after.includes(name));
    t.same(gone, [], 'no link is gone');
    t.equal((await daemon.leases())[0]?.id, id);
  },
);

t.test('a start that is refused leaves everything as it was', async (t) => {
  assertSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'refused-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [config, stateDir, socket] = [join(folder, 'c.toml'), join(folder, 'state'), join(folder, 's')];
  mkdirSync(socket);
  const pools = (text: string): void => writeFileSync(config, text);
  const before = await names();
  const serve = async (...more: string[]) => {
    const options = ['--config', config, '--state-dir', stateDir, ...more];
    const { exitCode, stderr } = await execa(MAIN, ['serve', ...options], { reject: false });
    t.not(exitCode, 0, stderr);
    t.same(readdirSync(folder).sort(), ['c.toml', 's'], 'no file');
    t.same(await names(), before, 'no link');
    return stderr;
  };
  pools('[pools.default]\nsubnet = "10.213.0.0/24"\n');
  t.match(await serve('--socket', socket), /exists and is not a socket/);
  pools('socket_group = "unknown"\n[pools.default]\nsubnet = "10.213.0.0/24"\n');
  t.match(await serve(), /there is no group unknown/);
  pools('[pools.p1267]\nsubnet = "10.1.0.0/24"\n[pools.p2730]\nsubnet = "10.2.0.0/24"\n');
  t.match(await serve(), /pools p1267 and p2730 would have one name: rename one/);
  pools('[pools.default]\nsubnet = "127.0.0.0/24"\n');
  t.match(await serve(), /not a network of hosts/);
  pools('[pools.default]\nsubnet = "10.213.0.0/24"\n[pools.other]\nsubnet = "10.213.0.0/16"\n');
  t.match(await serve(), /overlap/);
});

t.test('a daemon makes its lock, socket and folders again when they are removed, and keeps its leases', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'a');
  const endpoint = basename(lease.netns.path).split('.')[0];
  const record = () => existsSync(join(daemon.stateDir, 'leased', `${endpoint}.json`));
  await eventually('the lease has a record', record);
  rmSync(daemon.socket);
  await eventually('it answers on a new socket', async () => existsSync(daemon.socket) && (await isWell(daemon)));
  // A mount point cannot be removed.
  for (const name of readdirSync(daemon.stateDir))
    if (name !== 'vault') rmSync(join(daemon.stateDir, name), { recursive: true });
  await eventually('the records are written again', async () => record() && (await isWell(daemon)));
  t.same(await daemon.leases(), [lease]);
  t.equal(statSync(lease.netns.path).ino, lease.netns.inode, 'its path leads to it again');
  const again = await execa(MAIN, ['serve', '--state-dir', daemon.stateDir, '--config', daemon.configFile], {
    reject: false,
  });
  t.match(again.stderr, new RegExp(`another daemon \\(pid ${daemon.pid}\\)`));
  await daemon.stop();
  daemon.start();
  await daemon.answers();
  t.equal((await daemon.leases())[0]?.id, lease.id, 'a restart goes on with the lease');
});

t.test('netnsd down ends a daemon whose state directory was removed', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  // A mount point cannot be removed.
  for (const name of readdirSync(daemon.stateDir))
    if (name !== 'vault') rmSync(join(daemon.stateDir, name), { recursive: true });
  const { pid } = daemon;
  await daemon.down();
  t.notOk(existsSync(`/proc/${pid}`), 'it has ended');
  t.same(
    (await links()).filter(({ ifname }) => /^n[bd]/.test(ifname)),
    [],
  );
});

async function names(): Promise<string[]> {
  return (await links()).map(({ ifname }) => ifname);
}

async function isWell(daemon: Daemon): Promise<boolean> {
  return await daemon.get('/healthz').then(
    () => true,
    () => false,
  );
}
