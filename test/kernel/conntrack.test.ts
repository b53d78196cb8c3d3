import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { forgetConnections } from '../../src/kernel/netlink/conntrack.js';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../../src/kernel/netlink/protocol.js';
import { inside, NetnsHandle } from '../../src/kernel/netns/netns.js';
import { fakeHost } from './fake-host.js';

/** A namespace that tracks connections: to add one, the source ports of all (`conntrack -L`), and a socket to it. */
function tracking(t: Test) {
  const { netnsPath: path } = fakeHost(t);
  const run = (...args: string[]) => execaSync('nsenter', [`--net=${path}`, 'conntrack', ...args]).stdout;
  // Has the kernel load what answers.
  run('-C');
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(path);
  const protocol = NETLINK_PROTOCOL.netfilter;
  const socket = inside({ namespace, home, act: () => NetlinkSocket.open({ protocol }) });
  t.teardown(() => socket.close());
  const add = (port: number, source: string, destination: string, ...more: string[]) =>
    run(
      '-I',
      '-p',
      'udp',
      '-s',
      source,
      '-d',
      destination,
      '--sport',
      `${port}`,
      '--dport',
      '53',
      '-t',
      '600',
      ...more,
    );
  const ports = (...args: string[]) =>
    [...run('-L', ...args).matchAll(/^udp.*?sport=(\d+)/gm)].map(([, port]) => Number(port)).sort((a, b) => a - b);
  return { socket, add, ports };
}

t.test('entries that speak of an address on either side are forgotten, and no others', async (t) => {
  const { socket, add, ports } = tracking(t);
  add(1, '10.213.0.2', '192.0.2.1');
  add(2, '192.0.2.1', '10.213.0.2');
  add(3, '10.213.0.3', '192.0.2.1');
  add(4, '10.213.0.22', '192.0.2.1');
  add(5, '192.0.2.2', '192.0.2.1', '--dst-nat', '10.213.0.2');
  add(6, '10.213.0.2', '192.0.2.1', '--src-nat', '192.0.2.9');
  t.same(ports(), [1, 2, 3, 4, 5, 6]);
  t.equal(await forgetConnections(socket, [[10, 213, 0, 2]]), 4);
  t.same(ports(), [3, 4], 'translated ones speak of it in their answers');
  t.equal(await forgetConnections(socket, [[10, 213, 0, 2]]), 0, 'there is nothing left of it');
});

t.test('one walk serves many addresses and entries', async (t) => {
  const { socket, add, ports } = tracking(t);
  for (let port = 1; port <= 60; port += 1) add(port, `10.213.0.${port}`, '192.0.2.1');
  const even = Array.from({ length: 30 }, (_, i) => [10, 213, 0, 2 * (i + 1)]);
  t.equal(await forgetConnections(socket, even), 30);
  t.same(
    ports(),
    Array.from({ length: 30 }, (_, i) => 2 * i + 1),
  );
});

t.test('a zone of its own is no hiding place, and IPv6 connections stay', async (t) => {
  const { socket, add, ports } = tracking(t);
  add(1, '10.213.0.2', '192.0.2.1', '--zone', '7');
  add(2, '10.213.0.2', '192.0.2.1');
  add(3, 'fd00::2', 'fd00::1');
  t.equal(await forgetConnections(socket, [[10, 213, 0, 2]]), 2);
  t.same(ports('-f', 'ipv4'), []);
  t.same(ports('-f', 'ipv6'), [3]);
});

t.test('connections of IPv6 are forgotten by their addresses', async (t) => {
  const { socket, add, ports } = tracking(t);
  add(1, 'fd00:213::ad5:2', '2001:db8::1');
  add(2, '2001:db8::1', 'fd00:213::ad5:2');
  add(3, 'fd00:213::ad5:3', '2001:db8::1');
  add(4, '10.213.0.2', '192.0.2.1');
  const address = [0xfd, 0, 0x02, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 10, 213, 0, 2];
  t.equal(await forgetConnections(socket, [address]), 2);
  t.same(ports('-f', 'ipv6'), [3]);
  t.same(ports('-f', 'ipv4'), [4]);
});

t.test('for no address, or where nothing is tracked, there is nothing to do', async (t) => {
  const { socket, add, ports } = tracking(t);
  t.equal(await forgetConnections(socket, [[10, 213, 0, 2]]), 0);
  add(1, '10.213.0.2', '192.0.2.1');
  t.equal(await forgetConnections(socket, []), 0);
  t.same(ports(), [1]);
});

t.test('where the kernel does not answer, that is an error and not a success', async (t) => {
  const { socket } = tracking(t);
  socket.close();
  await t.rejects(forgetConnections(socket, [[10, 213, 0, 2]]));
});
