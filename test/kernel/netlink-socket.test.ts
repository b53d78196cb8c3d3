import { basename } from 'node:path';
import { execaSync } from 'execa';
import t from 'tap';
import { Host } from '../../src/endpoint/host.js';
import { errnoOf, isExisting, isNotFound, kernelError } from '../../src/kernel/errno.js';
import { NetlinkSocket } from '../../src/kernel/netlink/netlink-socket.js';
import { type Outcome, operationOf, type Request } from '../../src/kernel/netlink/request.js';
import { inside, NetnsHandle } from '../../src/kernel/netns/netns.js';
import { listAddresses } from '../../src/kernel/rtnetlink/address.js';
import { listForwarding } from '../../src/kernel/rtnetlink/forwarding.js';
import {
  createBridge,
  createVeth,
  deleteLink,
  getLink,
  linkDump,
  listLinks,
  parseLink,
  setLink,
} from '../../src/kernel/rtnetlink/link.js';
import { addNeighbour, deleteNeighbour, listNeighbours } from '../../src/kernel/rtnetlink/neighbour.js';
import { addDefaultRoute, listRoutes, parseRoute, routeDump } from '../../src/kernel/rtnetlink/route.js';
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
  t.throws(() => host.socket.request(addDefaultRoute({ gateway: [192, 0, 2, 1], linkIndex: 1 })), {
    code: 'kernel_error',
    message: /^cannot add the default route via 192.0.2.1: E[A-Z]+: Nexthop has invalid gateway/,
    details: { operation: 'add the default route via 192.0.2.1', extendedAck: /^Nexthop has invalid gateway/ },
  });
});

t.test('what is not there is told apart from other failures', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  for (const request of [deleteLink({ name: 'nothing' }), getLink('nothing'), setLink({ index: 4711 }, { up: true })]) {
    const [outcome] = await host.socket.transact([request]);
    t.ok(outcome?.ok === false && isNotFound(outcome.error), operationOf(request));
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
  const { host } = await openNetwork(t, fake);
  const linkIndex = (await listLinks(host.socket)).find(({ name }) => name === 'nbtest-xiob')?.index ?? 0;
  const address = [10, 213, 0, 9];
  await host.socket.request(addNeighbour({ linkIndex, address, mac: [2, 0, 0, 0, 0, 9] }));
  t.match(fake.ip('-j', 'neighbour'), [{ dst: '10.213.0.9', lladdr: '02:00:00:00:00:09', state: ['PERMANENT'] }]);
  t.match(await listNeighbours(host.socket, linkIndex), [{ linkIndex, state: 0x80, address: Buffer.from(address) }]);
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

t.test('a closed socket refuses what comes, and closing it again does nothing', async (t) => {
  const socket = NetlinkSocket.open();
  socket.close();
  t.throws(() => socket.transact([getLink('lo')]), { code: 'kernel_error', details: { errno: 'EBADF' } });
  await t.rejects(socket.dump(linkDump()), { code: 'kernel_error', details: { errno: 'EBADF' } });
  socket.close();
  t.equal(errnoOf(new Error('plain')), undefined);
});

t.test('lost answers are an error, and the socket goes on', async (t) => {
  const fake = fakeHost(t);
  await openNetwork(t, fake);
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(fake.netnsPath);
  // With the kernel's default of a receive buffer.
  using socket = inside({ namespace, home, act: () => NetlinkSocket.open() });
  const name = ((fake.ip('-j', 'link') as { ifname: string }[])[1] as { ifname: string }).ifname;
  t.throws(() => socket.transact(Array.from({ length: 700 }, () => getLink(name))), {
    code: 'kernel_error',
    details: { errno: 'ENOBUFS' },
  });
  const [outcome] = socket.transact([getLink(name)]);
  t.ok(outcome?.ok && outcome.replies.length === 1, 'no late answer is taken for the next one');
  t.ok((await listLinks(socket)).some((link) => link.name === name));
});

t.test('a dump during which the list changed is taken again until it is whole', async (t) => {
  const { host } = await openNetwork(t, fakeHost(t));
  const interrupted = kernelError({ operation: 'list links', errno: 4 });
  let left = 12;
  using socket = NetlinkSocket.open();
  const once = Reflect.get(socket, 'dumpOnce') as (request: Request) => Outcome[];
  const restless = (request: Request): Outcome[] => {
    left -= 1;
    return left >= 0 ? [{ ok: false, error: interrupted }] : once.call(socket, request);
  };
  Object.defineProperty(socket, 'dumpOnce', { value: restless });
  t.ok(
    (await listLinks(socket)).some(({ name }) => name === 'lo'),
    'with pauses, however often',
  );
  left = 12;
  t.throws(() => socket.dumpNow(linkDump()), { code: 'kernel_error', details: { errno: 'EINTR' } });
  t.equal(left, 7, 'without pauses a few times only');
  t.ok(host.home.fd > 0);
});

t.test('links are listed by kind and by master, addresses, routes and neighbours by link', async (t) => {
  const fake = fakeHost(t);
  const { host } = await openNetwork(t, fake);
  fake.ip('link', 'add', 'probe', 'type', 'bridge');
  fake.ip('address', 'add', '10.214.0.1/16', 'dev', 'probe');
  fake.ip('link', 'set', 'probe', 'up');
  const bridgeIndex = (await listLinks(host.socket)).find(({ name }) => name === 'probe')?.index ?? 0;
  host.socket.request(createVeth({ host: end('left'), peer: end('right'), peerNetnsFd: null }));
  host.socket.request(setLink({ name: 'left' }, { masterIndex: bridgeIndex }));
  fake.ip('address', 'add', '192.0.2.1/24', 'dev', 'right');
  fake.ip('link', 'set', 'right', 'up');
  fake.ip('neigh', 'add', '192.0.2.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'right', 'nud', 'permanent');
  const names = async (filter: object) => (await listLinks(host.socket, filter)).map(({ name }) => name).sort();
  t.same(await names({ kind: 'veth' }), ['left', 'nbtest-xiob', 'right']);
  t.same(await names({ masterIndex: bridgeIndex }), ['left']);
  t.same(await names({ masterIndex: 4711 }), []);
  const filter = { linkIndex: bridgeIndex };
  t.same(
    (await listAddresses(host.socket, filter)).map(({ address }) => address.join('.')),
    ['10.214.0.1'],
  );
  t.ok((await listRoutes(host.socket, filter)).every(({ linkIndex }) => linkIndex === bridgeIndex));
  t.ok((await listNeighbours(host.socket, bridgeIndex)).every(({ linkIndex }) => linkIndex === bridgeIndex));
  for (const list of [listAddresses, listRoutes])
    t.same(await list(host.socket, { linkIndex: 4711 }), [], 'a link that is gone has nothing');
  for (const list of [listNeighbours, listForwarding]) t.same(await list(host.socket, 4711), []);
});

t.test('of a million routes those within a subnet are kept, the others are not even copied', async (t) => {
  const fake = fakeHost(t);
  fake.ip('link', 'add', 'uplink', 'type', 'bridge');
  fake.ip('link', 'set', 'uplink', 'up');
  const batch = Array.from({ length: 60_000 }, (_, n) => `route add 11.${n >> 8}.${n & 255}.0/24 dev uplink table 99`);
  const own = ['10.213.4.0/24', '10.213.0.0/16', '10.0.0.0/8'].map((to) => `route add ${to} dev uplink`);
  execaSync('ip', ['-n', basename(fake.netnsPath), '-batch', '-'], { input: [...batch, ...own].join('\n') });
  using host = Host.open({ netnsPath: fake.netnsPath, stateDir: fake.site.stateDir });
  const within = [{ network: [10, 213, 0, 0], prefixLength: 16 }];
  let copied = 0;
  const { isWanted, ...request } = routeDump({ within });
  const counted = { ...request, isWanted: (view: Buffer) => isWanted?.(view) === true && ++copied > 0 };
  t.same((await host.socket.dump(counted)).map((payload) => parseRoute(payload).prefixLength).sort(), [16, 24]);
  t.equal(copied, 2);
  t.equal((await listRoutes(host.socket, { within })).length, 2);
});
