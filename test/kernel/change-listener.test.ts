import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { Seals } from '../../src/endpoint/verify/seals.js';
import { closeFd } from '../../src/kernel/libc.js';
import { ChangeListener, loadNeighbourFilter } from '../../src/kernel/netlink/change-listener.js';
import { inside, NetnsHandle } from '../../src/kernel/netns/netns.js';
import { eventually } from '../runtime/eye.js';
import { fakeHost } from './fake-host.js';

/** A namespace with eth0, which is joined to a peer at 10.9.0.2 in another one. */
function linked(t: Test) {
  const [{ netnsPath: path }, peer] = [fakeHost(t), fakeHost(t)];
  const sh = (...commands: string[]) => {
    for (const command of commands) execaSync('nsenter', [`--net=${path}`, 'sh', '-c', command]);
  };
  sh(`ip link add eth0 type veth peer name eth0 netns ${peer.netnsPath.split('/').at(-1)}`);
  // As quiet as an endpoint: no address of IPv6 is made by itself.
  sh('ip link set eth0 addrgenmode none', 'ip address add 10.9.0.1/24 dev eth0', 'ip link set eth0 up');
  peer.ip('address', 'add', '10.9.0.2/24', 'dev', 'eth0');
  peer.ip('link', 'set', 'eth0', 'up');
  sh('busybox ping -c1 -W5 10.9.0.2');
  return { path, sh, within: <T>(act: () => T) => within(path, act) };
}

function within<T>(path: string, act: () => T): T {
  using home = NetnsHandle.open();
  using namespace = NetnsHandle.open(path);
  return inside({ namespace, home, act });
}

/** Listens in the namespace, once the kernel has announced what making it has brought about. */
async function listenIn(t: Test, path: string): Promise<ChangeListener> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const filter = loadNeighbourFilter();
  const listener = within(path, ChangeListener.open);
  t.teardown(() => listener.close());
  listener.listen(filter);
  // The socket holds on to it.
  closeFd(filter);
  return listener;
}

/** What there are more of than fit into a socket's buffer. */
const MANY = 4000;
const batch = (line: (n: number) => string, count: number) =>
  `for i in $(seq ${count}); do echo "${line(0).replaceAll('0n', '$i')}"; done | ip -batch -`;
const MANY_RULES = batch(() => 'rule add pref 0n table 77', MANY);

t.test('traffic makes neighbours come and go, of which nothing is heard', async (t) => {
  const { path, sh } = linked(t);
  const listener = await listenIn(t, path);
  sh('ip neigh flush dev eth0', 'busybox ping -c2 -W10 10.9.0.2', 'busybox ping -c1 -W1 10.9.0.77 || true');
  const known = execaSync('nsenter', [`--net=${path}`, 'ip', 'neigh']).stdout;
  t.match(known, /10\.9\.0\.2 .*(REACHABLE|DELAY|STALE)/, 'one was learnt');
  t.match(known, /10\.9\.0\.77 .*(FAILED|INCOMPLETE)/, 'another was asked for in vain');
  t.same(listener.heard(), { what: 'nothing' });
  sh('ip neigh del 10.9.0.2 dev eth0');
  t.same(listener.heard(), { what: 'nothing' }, 'nor of a learnt one that is forgotten');
});

t.test('so many neighbours come and go that they would fill any buffer, and still nothing is lost', async (t) => {
  const { path, sh } = linked(t);
  const listener = await listenIn(t, path);
  const learn = 'neigh replace 10.9.0.9 lladdr 02:00:00:00:00:0n nud reachable dev eth0';
  sh(`for i in $(seq ${MANY}); do echo "${learn.replace('0n', '$((i % 90 + 10))')}"; done | ip -batch -`);
  t.same(listener.heard(), { what: 'nothing' });
  sh('ip link set eth0 txqueuelen 7');
  t.same(listener.heard(), { what: 'change', type: 16 }, 'and it hears as before');
});

/** RTM_… of include/uapi/linux/rtnetlink.h. */
const HEARD = [
  ['a neighbour that was set by hand', 28, 'ip neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent'],
  [
    'a neighbour with a flag',
    28,
    'ip neigh add 10.9.0.79 lladdr 02:00:00:00:00:79 dev eth0 nud reachable extern_learn',
  ],
  ['a link', 16, 'ip link add v0 type veth peer name v1'],
  ['a bridge, without which it has no VLANs', 16, 'ip link add br0 type bridge'],
  ['a link that goes', 17, 'ip link del eth0'],
  ['an address', 20, 'ip address add 192.0.2.1/32 dev lo'],
  ['an IPv6 address', 20, 'ip address add fd00::1/128 dev lo nodad'],
  ['an address that goes', 21, 'ip address del 10.9.0.1/24 dev eth0'],
  ['a route', 24, 'ip route add 198.51.100.0/24 dev eth0'],
  ['a rule', 32, 'ip rule add pref 7 table 77'],
  ['a nexthop', 104, 'ip nexthop add id 7 dev eth0'],
  ['a qdisc', 36, 'tc qdisc add dev eth0 clsact'],
  ['a switch that netconf tells of', 80, 'sysctl -w net.ipv4.conf.eth0.forwarding=1'],
  ['a number for another namespace', 88, 'ip netns set $(ls /run/netns | head -1) 77'],
] as const;

t.test('each change is heard, by its message', async (t) => {
  for (const [title, type, command] of HEARD) {
    const { path, sh } = linked(t);
    const listener = await listenIn(t, path);
    t.same(listener.heard(), { what: 'nothing' }, `${title}: not yet`);
    sh(command);
    const types: unknown[] = [];
    // IPv6 does some of it later.
    await eventually(`${title} is heard as ${type}`, () => {
      for (let heard = listener.heard(); heard.what !== 'nothing'; heard = listener.heard())
        types.push(heard.what === 'change' ? heard.type : heard.what);
      return types.includes(type);
    }).catch((error: Error) => t.fail(`${error.message}, but: ${types}`));
  }
});

t.test('of more than the buffer holds it is said that something was lost', async (t) => {
  const { path, sh } = linked(t);
  const listener = await listenIn(t, path);
  sh(MANY_RULES);
  t.same(listener.heard(), { what: 'lost' });
});

t.test('a lost announcement breaks a seal, for good; traffic does not', async (t) => {
  const { sh, within } = linked(t);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const seals = new Seals();
  t.teardown(() => seals.close());
  t.equal(
    within(() => seals.seal('default-1', 1)),
    true,
  );
  sh('ip neigh flush dev eth0', 'busybox ping -c1 -W10 10.9.0.2');
  t.same(seals.state('default-1'), { intact: true });
  sh(MANY_RULES);
  const broken = { intact: false, why: 'announcements were lost' };
  t.same(seals.state('default-1'), broken);
  t.same(seals.state('default-1'), broken, 'although the kernel says so only once');
  t.equal(
    within(() => seals.seal('default-1', 1)),
    true,
  );
  t.same(seals.state('default-1'), { intact: true }, 'a new seal knows nothing of what was before');
  seals.forget('default-1');
  t.same(seals.state('default-1'), { intact: false, why: 'it was not sealed' });
});

t.test('there are no more seals than there may be, and one that goes makes room', async (t) => {
  const { within } = linked(t);
  const seals = new Seals({ most: 2 });
  t.teardown(() => seals.close());
  const seal = (id: string) => within(() => seals.seal(id, Number(id.slice(2))));
  t.same(['a-1', 'a-2', 'a-3'].map(seal), [true, true, false]);
  t.same(seals.state('a-3'), { intact: false, why: 'it was not sealed' });
  t.equal(seal('a-1'), true, 'one that is sealed can be sealed again');
  seals.forget('a-1');
  t.equal(seal('a-3'), true);
  t.equal(seals.size, 2);
});
