import { execa, execaSync } from 'execa';
import t, { type Test } from 'tap';
import { emptyCaches } from '../../src/endpoint/verify/fingerprint/caches.js';
import { SYSCTLS } from '../../src/endpoint/verify/fingerprint/sysctl-item.js';
import { genericFamilies } from '../../src/kernel/netlink/generic-families.js';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle } from '../../src/kernel/netns/netns.js';
import { fakeHost, ip } from './fake-host.js';

/** A guest, a router that it must go through, and a peer behind a link on which less fits. */
function threeInARow(t: Test) {
  const [guest, router, peer] = [fakeHost(t), fakeHost(t), fakeHost(t)];
  const link = (from: string, to: string, name: string, mtu: string) => {
    const options = ['netns', to, 'type', 'veth', 'peer', 'name', name, 'netns', from];
    execaSync('ip', ['link', 'add', name, ...options]);
    for (const path of [from, to]) ip(path, 'link', 'set', name, 'up', 'mtu', mtu);
  };
  link(guest.netnsPath, router.netnsPath, 'near', '1500');
  link(router.netnsPath, peer.netnsPath, 'far', '1280');
  const address = (path: string, name: string, v4: string, v6: string) => {
    ip(path, 'address', 'add', v4, 'dev', name);
    ip(path, '-6', 'address', 'add', v6, 'dev', name, 'nodad');
  };
  address(guest.netnsPath, 'near', '10.1.0.2/24', 'fd01::2/64');
  address(router.netnsPath, 'near', '10.1.0.1/24', 'fd01::1/64');
  address(router.netnsPath, 'far', '10.2.0.1/24', 'fd02::1/64');
  address(peer.netnsPath, 'far', '10.2.0.2/24', 'fd02::2/64');
  for (const [path, near] of [
    [guest.netnsPath, '1'],
    [peer.netnsPath, '2'],
  ] as const) {
    ip(path, 'route', 'add', 'default', 'via', `10.${near}.0.1`);
    ip(path, '-6', 'route', 'add', 'default', 'via', `fd0${near}::1`);
  }
  for (const setting of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'])
    execaSync('nsenter', [`--net=${router.netnsPath}`, 'sysctl', '-qw', setting]);
  return guest.netnsPath;
}

async function ping(path: string, ...args: string[]): Promise<void> {
  await execa('nsenter', [`--net=${path}`, 'busybox', 'ping', '-q', '-c2', '-W1', ...args], { reject: false });
}

function emptyInside(path: string): number {
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(path);
  const families = genericFamilies();
  return inside({
    namespace,
    home,
    act: () => {
      const sockets = new Map<number, NetlinkSocket>();
      const socket = (protocol: number) => {
        const standing = sockets.get(protocol) ?? NetlinkSocket.open({ protocol });
        sockets.set(protocol, standing);
        return standing;
      };
      const view = {
        socket,
        families,
        netnsFd: namespace.fd,
        ownSockets: 0,
        hasModule: () => true,
        own: { address: [Buffer.alloc(4)], mac: [Buffer.alloc(6)], hostIndex: Buffer.alloc(4) },
      };
      try {
        return emptyCaches(view);
      } finally {
        for (const one of sockets.values()) one.close();
      }
    },
  });
}

t.test(
  'exceptions to routes are found and emptied in each family, and nothing is written where there are none',
  async (t) => {
    const guest = threeInARow(t);
    const exceptions = (family: string) => String(ip(guest, family, 'route', 'show', 'cache')).trim();
    t.equal(emptyInside(guest), 0, 'an unused namespace');
    for (const [family, to] of [
      ['-4', '10.2.0.2'],
      ['-6', 'fd02::2'],
    ] as const) {
      // More than fits behind the router: it says so, and the guest remembers it.
      await ping(guest, family, '-s', '1350', to);
      t.match(exceptions(family), /mtu 1280/, `an exception of ${family}`);
      t.equal(emptyInside(guest), 1);
      t.equal(exceptions(family), '');
      t.equal(emptyInside(guest), 0);
    }
  },
);

t.test('neighbours that were learnt go, one that was set by hand stays', async (t) => {
  const guest = threeInARow(t);
  await ping(guest, '-4', '10.1.0.1');
  ip(guest, 'neigh', 'add', '10.1.0.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'near', 'nud', 'permanent');
  const neighbours = () => (ip(guest, '-j', '-4', 'neigh') as { dst: string }[]).map(({ dst }) => dst).sort();
  t.strictSame(neighbours(), ['10.1.0.1', '10.1.0.77']);
  emptyInside(guest);
  t.strictSame(neighbours(), ['10.1.0.77']);
});

t.test('a fast open key that was written is found where sysctls are read', async (t) => {
  const fake = fakeHost(t);
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(fake.netnsPath);
  const read = () => inside({ namespace, home, act: () => SYSCTLS.read(undefined as never) });
  const before = read();
  const write = 'echo 00000001-00000002-00000003-00000004 >/proc/sys/net/ipv4/tcp_fastopen_key';
  execaSync('nsenter', [`--net=${fake.netnsPath}`, 'sh', '-c', write]);
  t.match(SYSCTLS.describe(before, read()), /^has ipv4\/tcp_fastopen_key = 00000001-/);
});
