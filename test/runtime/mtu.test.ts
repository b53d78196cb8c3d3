import { execa, execaSync } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { startDaemon } from './daemon.js';
import { eventually, hubOf, links } from './eye.js';

const CONFIG = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 2
max = 8
sizing = "fixed"
[pools.own]
subnet = "10.214.0.0/24"
min_ready = 1
max = 2
sizing = "fixed"
mtu = 1300
`;
const ip = (command: string): void => void execaSync('ip', command.split(' '));

async function mtuOf(name: string, netns?: string): Promise<number | undefined> {
  return (await links(netns)).find(({ ifname }) => ifname === name)?.mtu;
}

/** Whether a packet of `bytes`, IP header included, comes back from the gateway. */
async function passes({ netns, addresses }: Lease, bytes: number): Promise<boolean> {
  const ping = ['/bin/busybox', 'ping', '-c1', '-W10', `-s${bytes - 28}`, addresses[0]?.gateway ?? ''];
  return (await execa('nsenter', [`--net=${netns.path}`, ...ping], { reject: false })).exitCode === 0;
}

t.test('endpoints have the MTU of the egress route, new ones the new one when it changes', async (t) => {
  ip('link add egress0 mtu 1400 type veth peer name far0 mtu 1400');
  t.teardown(() => ip('link delete egress0'));
  ip('address add 192.0.2.1/24 dev egress0');
  ip('link set egress0 up');
  ip('link set far0 up');
  ip('route add default via 192.0.2.2');
  await using daemon = await startDaemon(t, CONFIG);
  const one = await daemon.acquire('--pool', 'default', '--id', 'one');
  t.equal(one.interface.mtu, 1400);
  t.equal(await mtuOf('eth0', one.netns.path), 1400);
  t.match(await daemon.cli('inspect', 'default'), /^mtu +auto \(1400\)$/m);
  t.equal((await daemon.acquire('--pool', 'own')).interface.mtu, 1300, 'a number is that number');

  for (const [change, mtu] of [
    ['link set egress0 mtu 1480', 1480],
    ['route change default via 192.0.2.2 mtu 1350', 1350],
  ] as const) {
    ip(change);
    await eventually(
      `endpoints of ${mtu} bytes are ready`,
      async () => /^mtu +auto \(\d+\)$/m.exec(await daemon.cli('inspect', 'default'))?.[0]?.includes(`${mtu}`) === true,
    );
    await daemon.filled();
    const lease = await daemon.acquire('--pool', 'default', '--id', `for-${mtu}`);
    t.equal(await mtuOf('eth0', lease.netns.path), mtu);
    t.ok(await passes(lease, mtu), 'its largest packets reach the gateway');
    t.ok(await passes(one, 1400), 'and those of the lease that stands');
    t.equal(await mtuOf('eth0', one.netns.path), 1400);
  }
  t.equal(await mtuOf('uplink', hubOf(daemon)), 1480, 'the uplink takes the packets of all leases');
  ip('route delete default');
  await daemon.cli('release', '--id', 'for-1480');
  t.match(await daemon.cli('inspect', 'default'), /^mtu +auto \(1350\)$/m, 'without a route nothing changes');
});
