import { readdirSync, readlinkSync } from 'node:fs';
import { execaSync } from 'execa';
import t, { type Test } from 'tap';
import { EndpointThread } from '../../src/endpoint/thread/endpoint-thread.js';
import { endpointName, type FakeHost, fakeHost, ip, SETTINGS } from './fake-host.js';

async function start(t: Test, fake: FakeHost, settings = SETTINGS): Promise<EndpointThread> {
  const thread = await EndpointThread.start({ site: fake.site, networks: [settings], hostNetnsPath: fake.netnsPath });
  t.teardown(() => thread.close());
  await thread.openVault();
  await thread.open();
  return thread;
}

const ready = (name: ReturnType<typeof endpointName>) => ({ ...name, state: 'ready' });
const names = (count: number) => Array.from({ length: count }, (_, seq) => endpointName(seq));

t.test('endpoints are built and destroyed on the thread while no thread is left in another namespace', async (t) => {
  const fake = fakeHost(t);
  const thread = await start(t, fake);
  const built = await thread.build(names(40), { urgent: false });
  t.ok(built.every(({ ok }) => ok));
  t.match(fake.inVault(), { mounts: { length: 40 }, links: { length: 40 } });
  const own = readlinkSync('/proc/self/ns/net');
  const stands = readdirSync('/proc/self/task').map((tid) => readlinkSync(`/proc/self/task/${tid}/ns/net`));
  t.same(new Set(stands), new Set([own]));
  t.ok((await thread.destroy(names(40))).every(({ ok }) => ok));
  t.same(fake.inVault(), { mounts: [], links: [] });
});

t.test('a build that a container waits for overtakes refill', async (t) => {
  const thread = await start(t, fakeHost(t));
  const order: string[] = [];
  const all = names(41);
  const refills = [0, 10, 20, 30].map((from) =>
    thread.build(all.slice(from, from + 10), { urgent: false }).then(() => order.push(`refill ${from}`)),
  );
  const urgent = thread.build(all.slice(40), { urgent: true }).then(() => order.push('urgent'));
  await Promise.all([...refills, urgent]);
  t.ok(order.indexOf('urgent') <= 1, `it came in place ${order.indexOf('urgent') + 1} of ${order.length}`);
});

t.test('a restart finds what an earlier thread built, and takes it over', async (t) => {
  const fake = fakeHost(t);
  const first = await start(t, fake);
  await first.build(names(3), { urgent: false });
  await first.close();
  const second = await start(t, fake);
  const found = await second.inventory();
  t.same(found.links.map(({ name }) => name).sort(), ['ndtest-0', 'ndtest-1', 'ndtest-2']);
  t.same(found.hubs, ['default.0']);
  t.same(
    found.uplinks.map(({ name }) => name),
    ['nbtest-xiob'],
  );
  t.same(await second.adopt([...names(3), endpointName(7)].map(ready)), [true, true, true, false]);
  t.ok((await second.destroy(names(3))).every(({ ok }) => ok));
});

t.test('a pool larger than a hub gets more of them, and its endpoints reach the gateway and each other', async (t) => {
  const fake = fakeHost(t);
  const thread = await start(t, fake, { ...SETTINGS, max: 12, endpointsPerHub: 4 });
  t.ok((await thread.build(names(10), { urgent: false })).every(({ ok }) => ok));
  const inHubs = [0, 1, 2].map((place) => (ip(fake.hubPath(`default.${place}`), '-j', 'link') as object[]).length);
  t.same(inHubs, [7, 7, 5], 'lo, bridge, uplink and four endpoints in each, two in the last');
  t.equal((fake.ip('-j', 'link') as object[]).length, 2, 'lo and the uplink in the host');
  for (const [from, to] of [
    [9, '10.213.0.1'],
    [9, '10.213.0.2'],
    [9, '10.213.0.8'],
    [0, '10.213.0.11'],
  ]) {
    const path = fake.pathOf(`default-${from}`);
    const { exitCode } = execaSync('nsenter', [`--net=${path}`, 'busybox', 'ping', '-c1', '-W10', `${to}`], {
      reject: false,
    });
    t.equal(exitCode, 0, `endpoint ${from} reaches ${to}`);
  }
  await thread.destroy(names(10));
  t.ok((await thread.build([endpointName(20)], { urgent: false }))[0]?.ok, 'ports that were given back are used again');
});

/** Addresses of endpoints that the hub answers for. */
function neighbours(fake: FakeHost): string[] {
  const known = fake.inHub('-j', 'neigh', 'show', 'nud', 'permanent') as { dst: string }[];
  return known
    .map(({ dst }) => dst)
    .filter((dst) => dst !== '10.213.0.1')
    .sort();
}

t.test('the hub forgets the endpoints that were lost with the thread, and no others', async (t) => {
  const fake = fakeHost(t);
  const first = await start(t, fake);
  await first.build(names(3), { urgent: false });
  t.same(neighbours(fake), ['10.213.0.2', '10.213.0.3', '10.213.0.4']);
  await first.close();
  fake.inHub('link', 'delete', 'ndtest-1');
  const second = await start(t, fake);
  await second.adopt([endpointName(0), endpointName(2)].map(ready));
  t.same(neighbours(fake), ['10.213.0.2', '10.213.0.4'], 'an endpoint without a record');
  await second.close();
  fake.inHub('link', 'delete', 'ndtest-2');
  const third = await start(t, fake);
  t.same(await third.adopt([endpointName(0), endpointName(2)].map(ready)), [true, false]);
  t.ok((await third.destroy([endpointName(2)])).every(({ ok }) => ok));
  t.same(neighbours(fake), ['10.213.0.2'], 'an endpoint whose port is not known');
  const late = { ...endpointName(0), id: 'default-9', seq: 9 };
  t.ok((await third.destroy([late])).every(({ ok }) => ok));
  t.same(neighbours(fake), ['10.213.0.2'], 'a record of an address that is of another endpoint by now');
});

t.test('a start forgets the connections of all addresses but those of endpoints that stand', async (t) => {
  const fake = fakeHost(t);
  const conntrack = (...args: string[]) =>
    execaSync('nsenter', [`--net=${fake.netnsPath}`, 'conntrack', ...args]).stdout;
  // Has the kernel load what answers.
  conntrack('-C');
  const first = await start(t, fake);
  await first.build(names(2), { urgent: false });
  await first.close();
  const track = (source: string, destination: string) => {
    const ends = ['-s', source, '-d', destination, '--sport', '1', '--dport', '53', '-t', '600'];
    conntrack('-I', '-p', 'udp', ...ends);
  };
  track('10.213.0.2', '192.0.2.1');
  track('10.213.0.9', '192.0.2.1');
  track('192.0.2.1', '10.213.0.8');
  track('10.213.0.1', '192.0.2.1');
  track('10.214.0.9', '192.0.2.1');
  const second = await start(t, fake);
  await second.adopt(names(2).map(ready));
  const sources = [...conntrack('-L').matchAll(/^udp.*?src=(\S+)/gm)].map(([, source]) => source);
  t.same(sources.sort(), ['10.213.0.1', '10.213.0.2', '10.214.0.9'], 'the gateway, who stands, and who is no endpoint');
});

t.test('a thread that was closed answers nothing any more', async (t) => {
  const fake = fakeHost(t);
  const thread = await EndpointThread.start({ site: fake.site, networks: [SETTINGS], hostNetnsPath: fake.netnsPath });
  await thread.close();
  await t.rejects(thread.inventory(), { code: 'worker_failed' });
});
