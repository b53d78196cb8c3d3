import t from 'tap';
import { errnoOf, isExisting, isNotFound } from '../../src/kernel/errno.js';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.js';
import { listAddresses } from '../../src/kernel/rtnetlink/address.js';
import {
  createBridge,
  createVeth,
  deleteLink,
  getLink,
  listLinks,
  parseLink,
  setLink,
} from '../../src/kernel/rtnetlink/link.js';
import { addNeighbour, deleteNeighbour, listNeighbours } from '../../src/kernel/rtnetlink/neighbour.js';
import { addDefaultRoute, listRoutes } from '../../src/kernel/rtnetlink/route.js';
import { fakeHost, openNetwork } from './fake-host.js';

const bridge = (name: string) => createBridge({ name, mac: [6, 0x58, 10, 0, 0, 1], mtuBytes: 1500 });
const end = (name: string) => ({ name, mac: [0x0e, 0x58, 10, 0, 0, name.length], mtuBytes: 1500 });

t.test('a hundred requests of one send are settled each on its own', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  const names = Array.from({ length: 50 }, (_, i) => `b${i}`);
  const outcomes = await host.socket.transact(names.flatMap((name) => [bridge(name), bridge(name)]));
  t.equal(outcomes.length, 100);
  for (const [position, outcome] of outcomes.entries()) {
    if (position % 2 === 0) t.ok(outcome.ok, 'made');
    else t.ok(!outcome.ok && isExisting(outcome.error), 'the second of that name is refused with EEXIST');
  }
  const links = await listLinks(host.socket);
  t.same(
    links
      .filter(({ kind }) => kind === 'bridge')
      .map(({ name }) => name)
      .filter((name) => name.startsWith('b')),
    names,
  );
});

t.test("an error carries the operation, the errno and the kernel's own words", async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  await t.rejects(host.socket.request(addDefaultRoute({ gateway: [192, 0, 2, 1], linkIndex: 1 })), {
    code: 'kernel_error',
    message: /^cannot add the default route via 192.0.2.1: E[A-Z]+: Nexthop has invalid gateway/,
    details: { operation: 'add the default route via 192.0.2.1', extendedAck: /^Nexthop has invalid gateway/ },
  });
});

t.test('what is not there is told apart from other failures', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  for (const request of [deleteLink({ name: 'nothing' }), getLink('nothing'), setLink({ index: 4711 }, { up: true })]) {
    const [outcome] = await host.socket.transact([request]);
    t.ok(outcome?.ok === false && isNotFound(outcome.error), request.operation);
  }
});

t.test('a new veth is described by its reply, down to the index of its peer', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  const [reply] = await host.socket.request(createVeth({ host: end('left'), peer: end('right'), peerNetnsFd: null }));
  const left = parseLink(reply as Buffer);
  const right = (await listLinks(host.socket)).find(({ name }) => name === 'right');
  t.match(left, { name: 'left', kind: 'veth', mac: '0e:58:0a:00:00:04', mtuBytes: 1500, up: false });
  t.equal(left.peerIndex, right?.index);
});

t.test('replies to many requests of one send are not lost', async (t) => {
  const fake = fakeHost(t);
  const { host } = await openNetwork(t, fake);
  const name = ((fake.ip('-j', 'link') as { ifname: string }[])[1] as { ifname: string }).ifname;
  const outcomes = await host.socket.transact(Array.from({ length: 700 }, () => getLink(name)));
  t.ok(outcomes.every((outcome) => outcome.ok && outcome.replies.length === 1));
});

t.test('neighbours are added, listed and deleted', async (t) => {
  const fake = fakeHost(t);
  const { host, network } = await openNetwork(t, fake);
  const { bridgeIndex: linkIndex } = await network.join('probe');
  const address = [10, 213, 0, 9];
  await host.socket.request(addNeighbour({ linkIndex, address, mac: [2, 0, 0, 0, 0, 9] }));
  t.match(fake.ip('-j', 'neighbour'), [{ dst: '10.213.0.9', lladdr: '02:00:00:00:00:09', state: ['PERMANENT'] }]);
  t.match(await listNeighbours(host.socket), [{ linkIndex, state: 0x80, address: Buffer.from(address) }]);
  await host.socket.request(deleteNeighbour({ linkIndex, address }));
  t.same(fake.ip('-j', 'neighbour'), []);
});

t.test('addresses and routes are listed as iproute2 lists them', async (t) => {
  const fake = fakeHost(t);
  const { host } = await openNetwork(t, fake);
  const addresses = (await listAddresses(host.socket)).map(
    ({ address, prefixLength }) => `${address.join('.')}/${prefixLength}`,
  );
  t.same(addresses, ['127.0.0.1/8', '10.213.0.1/16']);
  const main = (await listRoutes(host.socket)).filter(({ table }) => table === 254);
  t.same(
    main.map(({ destination, prefixLength }) => `${destination.join('.')}/${prefixLength}`),
    ['10.213.0.0/16'],
  );
});

t.test('a closed socket rejects what is in flight and what comes later', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  const socket = NetlinkSocket.open();
  const inFlight = socket.transact([getLink('lo')]);
  socket.close();
  await t.rejects(inFlight, { code: 'kernel_error' });
  await t.rejects(socket.transact([getLink('lo')]), { code: 'kernel_error', details: { errno: 'EBADF' } });
  socket.close();
  t.ok(host.home.fd > 0);
});

t.test('an answer that comes after the deadline is an error, and the socket goes on', async (t) => {
  using socket = NetlinkSocket.open({ deadlineMs: 20 });
  const late = socket.transact([getLink('lo')]);
  // Timers run before sockets are looked at: a thread that was busy for longer than the deadline has missed it.
  for (const end = Date.now() + 60; Date.now() < end; );
  await t.rejects(late, { code: 'deadline_exceeded', message: /20 ms: look up link lo/ });
  const [outcome] = await socket.transact([getLink('lo')]);
  t.ok(outcome?.ok && outcome.replies.length === 1, 'the late answer is not taken for the next one');
  t.equal(errnoOf(new Error('plain')), undefined);
});

t.test('requests are answered while a dump is under way, and dumps wait for each other', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  const names = Array.from({ length: 40 }, (_, i) => `b${i}`);
  await host.socket.transact(names.map(bridge));
  for (let round = 0; round < 20; round += 1) {
    const [links, outcomes, again] = await Promise.all([
      listLinks(host.socket),
      host.socket.transact(names.map(getLink)),
      listLinks(host.socket),
    ]);
    t.ok(
      outcomes.every(({ ok }) => ok),
      'each has its answer',
    );
    t.ok(names.every((name) => [links, again].every((list) => list.some((link) => link.name === name))));
  }
});
