import { execa } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import type { Daemon } from './daemon.js';
import { startDaemon } from './daemon.js';
import { answersPing, eventually, hubLinks, links } from './eye.js';
import { asWithBridgesInHost } from './former-bridges.js';
import { SeenVault } from './vault.js';

const POOL = `reconcile_seconds = 3600

[pools.default]
subnet = "10.213.0.0/16"
min_ready = 4
max = 12
sizing = "fixed"
`;
const GATEWAY = '10.213.0.1';

const addressOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;

async function reaches(lease: Lease, address: string): Promise<boolean> {
  const ping = ['/bin/busybox', 'ping', '-c1', '-W10', address];
  return (await execa('nsenter', [`--net=${lease.netns.path}`, ...ping], { reject: false })).exitCode === 0;
}

/** The host reaches both leases, both reach the host, and each the other. */
async function works(t: Tap, [one, two]: readonly [Lease, Lease], what: string): Promise<void> {
  for (const lease of [one, two]) {
    t.ok(await answersPing(addressOf(lease)), `${what}: the host reaches ${lease.id}`);
    t.ok(await reaches(lease, GATEWAY), `${what}: ${lease.id} reaches the host`);
  }
  t.ok(await reaches(one, addressOf(two)), `${what}: they reach each other`);
}

type Tap = Pick<typeof t, 'ok'>;

async function findings(daemon: Daemon, fix: boolean): Promise<object[]> {
  const { body } = await daemon.send('POST', '/v1/reconcile', { fix });
  return (body as { findings: object[] }).findings;
}

async function uplinkName(): Promise<string> {
  const found = (await links()).find((link) => link.addr_info.some(({ local }) => local === GATEWAY));
  return found?.ifname ?? '';
}

t.test('a pool adds one link to the host, whatever its size, and none once it is down', async (t) => {
  const before = (await links()).length;
  {
    await using daemon = await startDaemon(t, POOL);
    t.equal((await links()).length, before + 1);
    await daemon.send('PATCH', '/v1/pools/default', { minReady: 10 });
    await eventually('ten are ready', async () => (await daemon.pools())[0]?.ready === 10);
    t.equal((await links()).length, before + 1);
    await eventually('and linked', async () => (await hubLinks(daemon)).length === 13);
  }
  t.equal((await links()).length, before);
});

const FAULTS: Record<string, (daemon: Daemon) => Promise<unknown>> = {
  'the uplink is deleted': async () => execa('ip', ['link', 'delete', await uplinkName()]),
  'the uplink is set down': async () => execa('ip', ['link', 'set', await uplinkName(), 'down']),
  "the hub's mount is taken away": (daemon) => new SeenVault(daemon.stateDir).run('umount', '/hubs/default.0'),
};

for (const [what, fault] of Object.entries(FAULTS)) {
  t.test(`${what}: reconcile repairs it, and the leases are the same`, async (t) => {
    await using daemon = await startDaemon(t, POOL);
    const leases = [await daemon.acquire('--id', 'one'), await daemon.acquire('--id', 'two')] as [Lease, Lease];
    await works(t, leases, 'before');
    await fault(daemon);
    t.match(await findings(daemon, true), [{ action: 'repaired', outcome: 'done', endpoint: null }]);
    t.same(await findings(daemon, false), []);
    t.same(await daemon.leases(), leases);
    await works(t, leases, 'after');
  });
}

t.test('nft flush ruleset changes nothing', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const leases = [await daemon.acquire('--id', 'one'), await daemon.acquire('--id', 'two')] as [Lease, Lease];
  await execa('nft', ['flush', 'ruleset']);
  await works(t, leases, 'after');
  t.same(await findings(daemon, false), []);
});

t.test('a hub that is lost while no daemon runs is made anew: leases stay, ready endpoints are replaced', async (t) => {
  await using daemon = await startDaemon(t, POOL);
  const lease = await daemon.acquire('--id', 'one');
  await daemon.filled();
  await daemon.stop('SIGKILL');
  await new SeenVault(daemon.stateDir).run('umount', '/hubs/default.0');
  await eventually('the kernel has removed it', async () => (await uplinkName()) === '');
  daemon.start();
  await daemon.answers();
  await daemon.filled();
  t.same(await daemon.leases(), [lease], 'the lease stays, without a network');
  t.match(await findings(daemon, false), [{ lease: lease.id, problem: 'its link in the hub is gone', action: 'none' }]);
  const other = await daemon.acquire('--id', 'other');
  t.ok(await reaches(other, GATEWAY), 'what is leased from now on has one');
});

t.test('bridges in the host, as earlier versions made them, are taken over: a lease goes on in the hub', async (t) => {
  const before = (await links()).length;
  await using daemon = await startDaemon(t, POOL);
  const leases = [await daemon.acquire('--id', 'one'), await daemon.acquire('--id', 'two')] as [Lease, Lease];
  await daemon.filled();
  await daemon.stop();
  await asWithBridgesInHost(daemon);
  // Earlier versions had no rules in the host.
  await execa('nft', ['flush', 'ruleset']);
  t.ok((await links()).length > before + 4, 'as it was');
  await works(t, leases, 'before');
  daemon.start();
  await daemon.answers();
  t.same(await daemon.leases(), leases);
  await works(t, leases, 'after');
  await daemon.filled();
  await eventually('the host has the uplink and no more', async () => (await links()).length === before + 1);
  t.same(await findings(daemon, false), []);
});

t.test('a pool for more endpoints than a hub takes has a root hub, and still one link in the host', async (t) => {
  const before = (await links()).length;
  await using daemon = await startDaemon(t, POOL.replace('max = 12', 'max = 1100'));
  t.equal((await links()).length, before + 1);
  const leases = [await daemon.acquire('--id', 'one'), await daemon.acquire('--id', 'two')] as [Lease, Lease];
  await works(t, leases, 'below a root hub');
  const root = `${daemon.stateDir}/netns/../hubs/default.root`;
  t.same(
    (await links(root)).map(({ ifname }) => ifname).sort(),
    ['bridge', 'hub0', 'lo', 'uplink'],
    'the root hub has a port for each hub',
  );
});
