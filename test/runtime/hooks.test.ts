import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { program } from '../native/program.js';
import { type Bundle, makeBundle } from './bundle.js';
import { type Daemon, startDaemon } from './daemon.js';
import { answersPing, eventually, links, mountsBelow } from './eye.js';

const CONFIG = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';
const netnsdRunc = program();

/** What a container prints of its network, each part after a line that names it. */
const LOOK = `
echo addresses; ip address show; echo routes; ip route show; echo mac; cat /sys/class/net/eth0/address
ping -c1 -W1 $(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p') >/dev/null && echo "reached the gateway"; true`;

interface HookSpec {
  hooks?: Record<string, unknown>;
  annotations?: Record<string, string>;
}

/** A bundle whose spec has the hooks that `netnsd oci hooks` prints. */
async function hookedBundle(daemon: Daemon, script: string, change: (spec: HookSpec) => void = () => {}) {
  const bundle = await makeBundle(script);
  const file = join(bundle.folder, 'config.json');
  const spec: HookSpec = JSON.parse(readFileSync(file, 'utf8'));
  Object.assign(spec, JSON.parse(await daemon.cli('oci', 'hooks', '--program', netnsdRunc)));
  change(spec);
  writeFileSync(file, JSON.stringify(spec, null, 2));
  return bundle;
}

/** A container that runs in the background until it is killed; gone with the block in any case. */
async function startDetached(runtime: string, bundle: Bundle, id: string) {
  await execa(runtime, ['run', '--detach', '--bundle', bundle.folder, id], { stdio: 'ignore' });
  const { stdout } = await execa(runtime, ['state', id]);
  return {
    pid: (JSON.parse(stdout) as { pid: number }).pid,
    kill: async () => {
      await execa(runtime, ['kill', id, 'KILL']);
      await eventually('the container has ended', async () => {
        const state = await execa(runtime, ['state', id]);
        return (JSON.parse(state.stdout) as { status: string }).status === 'stopped';
      });
      await execa(runtime, ['delete', id]);
    },
    [Symbol.asyncDispose]: async () => void (await execa(runtime, ['delete', '--force', id], { reject: false })),
  };
}

/** The one lease that is grafted. */
async function graftedLease(daemon: Daemon): Promise<Lease> {
  const leases = await daemon.leases();
  if (leases.length !== 1) throw new Error(`${leases.length} leases, not one`);
  return leases[0] as Lease;
}

const ipOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;

/** The lease is back, and of its endpoint neither link nor mount nor answer is left. */
async function nothingLeft(t: Test, daemon: Daemon, lease: Lease): Promise<void> {
  t.same(await daemon.leases(), [], 'no lease stands');
  await eventually('the namespace is gone', () => !existsSync(lease.netns.path));
  t.same(mountsBelow(lease.netns.path), [], 'nothing is mounted any more');
  t.notOk(
    (await links()).some(({ ifname }) => ifname === lease.interface.hostName),
    'its link is gone',
  );
  t.notOk(await answersPing(ipOf(lease)), 'nobody answers at its address');
  await daemon.filled();
}

for (const runtime of ['runc', 'crun']) {
  t.test(`${runtime}: a container has its network by hooks, and its end gives the lease back`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const bundle = await hookedBundle(daemon, LOOK);
    const { stdout } = await execa(runtime, ['run', '--bundle', bundle.folder, 'guest']);
    t.match(stdout, /inet 10\.213\.0\.\d+\/24 brd 10\.213\.0\.255 /);
    t.match(stdout, /mac\n0a:58:0a:d5:00:/);
    t.match(stdout, /^\d+: lo: <LOOPBACK,UP,LOWER_UP>/m, 'lo is up');
    t.match(stdout, /^\d+: eth0@\S+ <BROADCAST,MULTICAST,UP,LOWER_UP[,>]/m, 'eth0 is up');
    t.match(stdout, 'default via 10.213.0.1 dev eth0');
    t.match(stdout, 'reached the gateway');
    await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
    await daemon.filled();
    t.equal((await links()).filter(({ ifname }) => ifname.startsWith('nd')).length, 2, 'two ready ones, nothing else');
  });

  t.test(`${runtime}: a lease tells of the container's namespace, and ends after kill and delete`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const bundle = await hookedBundle(daemon, 'exec sleep 1000');
    await using guest = await startDetached(runtime, bundle, 'guest');
    const lease = await graftedLease(daemon);
    t.match(lease.containerId, /^guest@[0-9a-f]{8}$/);
    t.same(lease.graft, { inode: statSync(`/proc/${guest.pid}/ns/net`).ino, pid: guest.pid });
    t.ok(await answersPing(ipOf(lease)));
    const inside = await execa(runtime, ['exec', 'guest', 'ping', '-c1', '-W1', '10.213.0.1']);
    t.equal(inside.exitCode, 0);
    await guest.kill();
    await nothingLeft(t, daemon, lease);
  });

  t.test(`${runtime}: a lease whose poststop hook never ran is found and given back`, async (t) => {
    await using daemon = await startDaemon(t, CONFIG);
    const bundle = await hookedBundle(daemon, 'exec sleep 1000', ({ hooks }) => delete hooks?.poststop);
    await using guest = await startDetached(runtime, bundle, 'guest');
    const lease = await graftedLease(daemon);
    await guest.kill();
    t.equal((await daemon.leases()).length, 1, 'nobody gave it back');
    await eventually('the daemon finds it', async () => (await daemon.leases()).length === 0, 25_000);
    await nothingLeft(t, daemon, lease);
    t.match(daemon.log(), 'a container has gone without its poststop hook');
  });
}

t.test('a restart keeps the lease of a container that runs, and ends that of one which has gone', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const bundle = await hookedBundle(daemon, 'exec sleep 1000');
  await using guest = await startDetached('runc', bundle, 'guest');
  const lease = await graftedLease(daemon);
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  t.same(await graftedLease(daemon), lease, 'the same lease');
  t.ok(await answersPing(ipOf(lease)), 'the container noticed nothing');

  await daemon.stop('SIGKILL');
  await guest.kill();
  daemon.start();
  await daemon.answers();
  await nothingLeft(t, daemon, lease);
});

t.test('without an endpoint to give a container is not made, and nothing stays of it', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 1\nmax = 1\n');
  const bundle = await hookedBundle(daemon, 'exec sleep 1000');
  await using first = await startDetached('runc', bundle, 'first');
  const failed = await execa('runc', ['run', '--bundle', bundle.folder, 'second'], { reject: false });
  t.not(failed.exitCode, 0);
  t.match(failed.stderr, /cannot give container second a network: .*pool_exhausted/);
  t.match((await execa('runc', ['list'])).stdout, /^first .*\n?$/m);
  t.notMatch((await execa('runc', ['list'])).stdout, 'second');
  const lease = await graftedLease(daemon);
  t.ok(await answersPing(ipOf(lease)), 'the first one is not disturbed');
  await first.kill();
  await nothingLeft(t, daemon, lease);
});

t.test('annotations choose the pool, or keep netnsd away', async (t) => {
  await using daemon = await startDaemon(
    t,
    `${CONFIG}[pools.batch]\nsubnet = "10.99.0.0/24"\nmin_ready = 1\nmax = 2\n`,
  );
  const annotated = (annotations: Record<string, string>) =>
    hookedBundle(daemon, LOOK, (spec) => Object.assign(spec, { annotations }));
  const batch = await annotated({ 'dev.netnsd.pool': 'batch', 'dev.netnsd.tenant': 'blue' });
  t.match((await execa('runc', ['run', '--bundle', batch.folder, 'guest'])).stdout, /inet 10\.99\.0\.\d+\/24/);
  const skipped = await annotated({ 'dev.netnsd.skip': 'true' });
  t.notMatch((await execa('runc', ['run', '--bundle', skipped.folder, 'guest'])).stdout, 'eth0');
});

t.test('twenty containers at once each have their own', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 20\nmax = 40\n');
  const bundle = await hookedBundle(daemon, LOOK);
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, i) => execa('runc', ['run', '--bundle', bundle.folder, `guest-${i}`])),
  );
  const addresses = runs.map(({ stdout }) => /inet (10\.213\.0\.\d+)/.exec(stdout)?.[1]);
  t.equal(new Set(addresses).size, 20, 'no address twice');
  t.ok(runs.every(({ stdout }) => stdout.includes('reached the gateway')));
  await eventually('all leases are back', async () => (await daemon.leases()).length === 0);
  await daemon.filled();
});
