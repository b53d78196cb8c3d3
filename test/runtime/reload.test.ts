import { readdirSync, writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t from 'tap';
import { NetnsdClient } from '../../src/client/index.js';
import { uplinkName } from '../../src/endpoint/hub/hub-names.js';
import type { Site } from '../../src/endpoint/types.js';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, startDaemon } from './daemon.js';
import { answersPing, eventually, links, mountsBelow } from './eye.js';

const pool = (name: string, subnet: string, more = ''): string =>
  `[pools.${name}]\nsubnet = "${subnet}"\nmin_ready = 2\nmax = 8\nsizing = "fixed"\naddress_cooldown_seconds = 0\n${more}`;
const TOP = 'reconcile_seconds = 3600\n';
const BEFORE = TOP + pool('a', '10.1.0.0/24') + pool('b', '10.2.0.0/24');

const addressOf = ({ addresses }: Lease): string => addresses[0]?.address ?? '';

async function reaches({ netns, addresses }: Lease, address = addresses[0]?.gateway ?? ''): Promise<boolean> {
  const ping = ['/bin/busybox', 'ping', '-c1', '-W10', address];
  return (await execa('nsenter', [`--net=${netns.path}`, ...ping], { reject: false })).exitCode === 0;
}

/** Writes the configuration and has it read; what `netnsd reload` prints. */
async function reload(daemon: Daemon, config: string): Promise<string[]> {
  writeFileSync(daemon.configFile, config);
  return (await daemon.cli('reload')).split('\n');
}

const rules = (): string => execaSync('nft', ['list', 'ruleset']).stdout;
const fds = (daemon: Daemon): number => readdirSync(`/proc/${daemon.pid}/fd`).length;

t.test('a reload adds, changes and drains pools under the same process, and leases stay', async (t) => {
  await using daemon = await startDaemon(t, BEFORE);
  const { pid } = daemon;
  const one = await daemon.acquire('--pool', 'a', '--id', 'one');
  const two = await daemon.acquire('--pool', 'b', '--id', 'two');
  const after = TOP + pool('a', '10.9.0.0/24', 'mtu = 1400\n') + pool('c', '10.3.0.0/24');
  t.strictSame(await reload(daemon, after), [
    'pools.a.subnet: "10.1.0.0/24" -> "10.9.0.0/24"',
    'pools.a.mtu: "auto" -> 1400',
    'pools.c: added',
    'pools.b: removed',
  ]);
  t.equal(daemon.pid, pid);
  t.match(await daemon.get('/v1/status'), { pid, configuration: { error: null } });
  await daemon.filled();

  t.match(await daemon.leases(), [{ id: one.id }, { id: two.id }]);
  for (const lease of [one, two]) {
    t.ok(await reaches(lease), `${lease.id} reaches its gateway`);
    t.ok(await answersPing(addressOf(lease).split('/')[0] as string), `and is reached`);
  }
  const fresh = await daemon.acquire('--pool', 'a', '--id', 'three');
  t.match(fresh, { addresses: [{ address: /^10\.9\.0\./ }], interface: { mtu: 1400 } });
  t.match((await links(fresh.netns.path)).find(({ ifname }) => ifname === 'eth0')?.mtu, 1400);
  t.ok(await reaches(fresh));
  t.ok(await reaches(await daemon.acquire('--pool', 'c', '--id', 'four')));
  await t.rejects(daemon.acquire('--pool', 'b'), /pool b is no longer configured|no longer configured/);

  t.match(rules(), '10.2.0.0/24');
  const uplinks = async () => (await links()).filter(({ ifname }) => ifname.startsWith('nb')).length;
  t.equal(await uplinks(), 3);
  await daemon.cli('release', two.id);
  await eventually('the network of b is gone', async () => (await uplinks()) === 2);
  await eventually('its rules too', () => !rules().includes('10.2.0.0/24'));
  t.notOk(mountsBelow('/').some((point) => point.endsWith('b.0')));
  t.match(await daemon.pools(), [{ name: 'a' }, { name: 'c' }]);
  t.equal((await daemon.pools()).length, 2);
  t.match(daemon.log(), 'its network is removed');
});

t.test('a size is changed at once, and a refused configuration changes nothing and says where', async (t) => {
  await using daemon = await startDaemon(t, BEFORE);
  const lease = await daemon.acquire('--pool', 'a', '--id', 'one');
  const socket = (await execa('ss', ['-Hlx'])).stdout;
  t.strictSame(await reload(daemon, BEFORE.replace('min_ready = 2', 'min_ready = 4')), ['pools.a.min_ready: 2 -> 4']);
  t.match(await daemon.pools(), [{ minReady: 4 }, { minReady: 2 }]);
  await daemon.filled();
  t.equal((await execa('ss', ['-Hlx'])).stdout, socket, 'on the same socket');

  const same = { pools: await daemon.pools(), leases: await daemon.leases() };
  const refusals: [string, RegExp][] = [
    [BEFORE.replace('max = 8', 'max = "8"'), /netnsd\.toml:5: pools\.a\.max: found "8"/],
    [`netns_dir = "/run/netns"\n${BEFORE}`, /netnsd\.toml:1: netns_dir: restart the daemon to change it/],
    [TOP + pool('z', '10.1.0.0/16'), /subnet 10\.1\.0\.0\/16 of pool z is in use by active leases of pool a: one;/],
    [`${BEFORE}publish = ["80/tcp"]\npublish_range = "9-10"`, /pools?.*b.*publish_range|publish_range/],
  ];
  for (const [config, reason] of refusals) {
    await t.rejects(reload(daemon, config), reason);
    t.match(await daemon.get('/v1/status'), { configuration: { error: reason } });
    t.match(await daemon.cli('status'), reason);
  }
  t.strictSame({ pools: await daemon.pools(), leases: await daemon.leases() }, same);
  t.ok(await reaches(lease));
  t.strictSame(
    await reload(daemon, BEFORE),
    ['pools.a.min_ready: 4 -> 2'],
    'and the next one that is right is followed',
  );
});

t.test('a network that cannot be made after all leaves the configuration before in effect', async (t) => {
  await using daemon = await startDaemon(t, BEFORE);
  const lease = await daemon.acquire('--pool', 'a', '--id', 'one');
  const name = (await links()).find(({ ifname }) => ifname.startsWith('nb'))?.ifname ?? '';
  const taken = uplinkName({ instanceId: name.slice(2, 6) } as Site, 'c');
  execaSync('ip', ['link', 'add', taken, 'type', 'bridge']);
  t.teardown(() => execaSync('ip', ['link', 'delete', taken], { reject: false }));
  await t.rejects(reload(daemon, BEFORE + pool('c', '10.3.0.0/24')), new RegExp(taken));
  t.match(await daemon.pools(), [{ name: 'a' }, { name: 'b' }]);
  t.equal((await daemon.pools()).length, 2);
  t.match(daemon.log(), 'going on with the one before');
  await daemon.filled();
  t.ok(await reaches(lease));
  t.ok(await reaches(await daemon.acquire('--pool', 'b', '--id', 'two')));
});

t.test('SIGHUP reloads while containers start and end, again and again, and leaks nothing', async (t) => {
  await using daemon = await startDaemon(t, BEFORE);
  await using client = new NetnsdClient({ socketPath: daemon.socket });
  const turn = async (mtu: number): Promise<void> => {
    const before = await client.status();
    writeFileSync(daemon.configFile, BEFORE + `mtu = ${mtu}\n`);
    process.kill(daemon.pid, 'SIGHUP');
    const containers = (async () => {
      for (let at = 0; at < 20; at += 1) {
        const { id } = await client.acquire({ pool: 'a', containerId: `${mtu}-${at}`, wait: 60 });
        await client.release(id);
      }
    })();
    await eventually('it was read', async () => {
      return (await client.status()).configuration?.readAt !== before.configuration?.readAt;
    });
    await containers;
    await daemon.filled();
  };
  await turn(1400);
  const open = fds(daemon);
  for (const mtu of [1401, 1402]) await turn(mtu);
  await eventually(`${open} descriptors are open, as before`, () => fds(daemon) <= open + 2);
  t.match((await daemon.acquire('--pool', 'b')).interface.mtu, 1402);
  t.equal(daemon.log().match(/"msg":"opening the pools anew/g)?.length, 3);
});
