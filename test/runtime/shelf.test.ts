import { chownSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Random } from '../../src/bench/sizing/random.js';
import type { Reconciliation } from '../../src/reconcile/findings.js';
import { editSpec, makeBundle } from './bundle.js';
import type { Daemon } from './daemon.js';
import { eventually } from './eye.js';
import { expectNothingLeft } from './leftover.js';
import { runc } from './runtimes.js';
import { startWrapper, type Wrapper } from './wrapper.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 4\nmax = 32\nsizing = "fixed"\n';
/** How often netnsd-runc is killed, at moments drawn with the seed. */
const ROUNDS = Number(process.env.NETNSD_SHELF_ROUNDS ?? 12);
const SEED = Number(process.env.NETNSD_SHELF_SEED ?? Date.now() % 2 ** 32);
const FOREVER = 'trap "exit 0" TERM; while :; do sleep 1; done';

const shelfOf = (daemon: Daemon, ...names: string[]) => join(daemon.stateDir, 'shelf', ...names);
/** Names of the offers, be they for any tenant or for one. */
const offersOf = (daemon: Daemon) =>
  readdirSync(shelfOf(daemon, 'offers', 'default'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^unused\/.|^used\/.+\/./.test(path))
    .map((path) => path.slice(path.lastIndexOf('/') + 1));
const lying = (daemon: Daemon) => offersOf(daemon).length;

/** Endpoints are laid out when they are sealed, a little after they are ready. */
function laidOut(daemon: Daemon, count = 4): Promise<void> {
  return eventually(`${count} endpoints lie on the shelf`, () => lying(daemon) >= count);
}

/** `netnsd-runc run`, while the daemon cannot say a word. */
function runUnheard(wrapper: Wrapper, bundle: string, id: string) {
  const { pid } = wrapper.daemon;
  process.kill(pid, 'SIGSTOP');
  return wrapper.call('run', '--bundle', bundle, id).finally(() => {
    process.kill(pid, 'SIGCONT');
  });
}

t.test('a container starts and ends while the daemon cannot say a word, and is in its books afterwards', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  const bundle = await makeBundle('ip -o address show eth0; ping -c1 -W10 10.213.0.1; exit 7');
  const ended = await runUnheard(wrapper, bundle.folder, 'once');
  t.equal(ended.status, 7, ended.output);
  t.match(ended.output, / 0% packet loss/);
  const address = /inet (\S+)/.exec(ended.output)?.[1];
  const spec = JSON.parse(readFileSync(join(bundle.folder, 'config.json'), 'utf8'));
  t.equal(spec.annotations['dev.netnsd.address'], address, 'its spec says what it got');
  await eventually('it has been looked at', async () => (await daemon.pools())[0]?.recycledBySeal === 1);
  t.match(await daemon.pools(), [{ acquiredWarm: 1, acquiredCold: 0, released: 1, leased: 0, ready: 4 }]);
  t.match(daemon.log(), `"lease":"${spec.annotations['dev.netnsd.lease']}"`, 'who took it is logged');
  await laidOut(daemon);
  await expectNothingLeft(t, daemon, { gone: [] });
});

t.test('a lease that the daemon never heard of outlives its death, and ends with its container', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  const bundle = await makeBundle(FOREVER);
  process.kill(daemon.pid, 'SIGSTOP');
  const created = await wrapper.call('create', '--bundle', bundle.folder, 'guest');
  t.equal(created.status, 0, created.output);
  await daemon.stop('SIGKILL');
  t.equal((await wrapper.call('start', 'guest')).status, 0);
  daemon.start();
  await daemon.answers();
  const lease = await wrapper.lease('guest');
  const state = await wrapper.state('guest');
  t.match(state.annotations, { 'dev.netnsd.lease': lease.id, 'dev.netnsd.address': lease.addresses[0]?.address });
  t.match(await wrapper.inside('guest', 'ping -c1 -W10 10.213.0.1'), / 0% packet loss/, 'its network is as before');
  t.equal((await wrapper.call('delete', '--force', 'guest')).status, 0);
  await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
});

t.test(
  'what is given back while no daemon runs is found by the next one, and is not handed out as it is',
  async (t) => {
    await using wrapper = await startWrapper(t, runc(), { toml: POOL });
    const { daemon } = wrapper;
    await laidOut(daemon);
    const bundle = await makeBundle(FOREVER);
    const lease = await wrapper.start('guest', bundle.folder);
    await daemon.stop('SIGKILL');
    const deleted = await wrapper.call('delete', '--force', 'guest');
    t.strictSame([deleted.status, deleted.output], [0, ''], 'and the caller sees no error');
    daemon.start();
    await daemon.answers();
    await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
    await eventually('another one is there', async () => (await daemon.pools())[0]?.ready === 4);
    t.match(await daemon.pools(), [{ replaced: 1 }]);
  },
);

t.test('while a daemon is dead containers start and end, and the next one goes on with what lies there', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  await daemon.stop('SIGKILL');
  const offers = offersOf(daemon);
  const short = await makeBundle('ping -c1 -W10 10.213.0.1');
  const ended = await wrapper.call('run', '--bundle', short.folder, 'short');
  t.equal(ended.status, 0, ended.output);
  const long = await makeBundle(FOREVER);
  t.equal((await wrapper.call('create', '--bundle', long.folder, 'long')).status, 0);
  t.equal((await wrapper.call('start', 'long')).status, 0);
  t.equal(lying(daemon), 2);
  daemon.start();
  await daemon.answers();
  const left = offersOf(daemon).filter((name) => offers.includes(name));
  t.equal(left.length, 2, 'offers that were not taken are unchanged');
  const lease = await wrapper.lease('long');
  t.match(await wrapper.inside('long', 'ping -c1 -W10 10.213.0.1'), / 0% packet loss/);
  await eventually('what was given back is replaced', async () => (await daemon.pools())[0]?.replaced === 1);
  t.match(await daemon.pools(), [{ leased: 1 }]);
  t.equal((await wrapper.call('delete', '--force', 'long')).status, 0);
  await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
});

t.test('after netnsd down nothing can be taken', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  await daemon.down();
  const bundle = await makeBundle('true');
  const before = readFileSync(join(bundle.folder, 'config.json'), 'utf8');
  const refused = await wrapper.call('run', '--bundle', bundle.folder, 'late');
  t.equal(refused.status, 1);
  t.match(refused.output, /cannot give container late a network: netnsd at .* cannot be reached/);
  t.equal(readFileSync(join(bundle.folder, 'config.json'), 'utf8'), before);
});

t.test('what a container that may change its network has had is replaced', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  const bundle = await makeBundle('ip address add 192.0.2.1/32 dev lo');
  editSpec(bundle.folder, (spec) => {
    const { capabilities } = spec.process as unknown as { capabilities: Record<string, string[]> };
    for (const set of Object.values(capabilities)) set.push('CAP_NET_ADMIN');
  });
  const ended = await runUnheard(wrapper, bundle.folder, 'mighty');
  t.equal(ended.status, 0, ended.output);
  await eventually('it has been replaced', async () => (await daemon.pools())[0]?.replaced === 1);
  t.match(await daemon.pools(), [{ replacedFor: { privileged: 1 }, recycledBySeal: 0, recycledByProof: 0 }]);
  await expectNothingLeft(t, daemon, { gone: [] });
});

t.test('a shelf that is another user’s is left alone: the daemon is asked', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  chownSync(shelfOf(daemon), 1, 1);
  const bundle = await makeBundle(FOREVER);
  const lease = await wrapper.start('guest', bundle.folder);
  t.strictSame(readdirSync(shelfOf(daemon, 'standing')), [], 'nothing was taken');
  chownSync(shelfOf(daemon), 0, 0);
  t.equal((await wrapper.call('delete', '--force', 'guest')).status, 0);
  await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
});

t.test('a shelf that was removed is made anew, and its offers are replaced', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  rmSync(shelfOf(daemon), { recursive: true });
  const bundle = await makeBundle('ping -c1 -W10 10.213.0.1');
  const asking = await wrapper.call('run', '--bundle', bundle.folder, 'asks');
  t.equal(asking.status, 0, asking.output);
  for (let i = 0; i < 50; i += 1) await daemon.pools();
  const warnings = daemon.log().match(/shelf: failed to read what was taken/g) ?? [];
  t.equal(warnings.length, 1, 'it is said once');
  const reconcile = async () => (await daemon.send('POST', '/v1/reconcile', { fix: true })).body as Reconciliation;
  const { findings: lost } = await reconcile();
  t.strictSame([...new Set(lost.map(({ problem }) => problem))], ['its offer is gone from the shelf']);
  t.equal(lost.length, 4);
  t.strictSame((await reconcile()).findings, []);
  await laidOut(daemon);
  const again = await makeBundle('ping -c1 -W10 10.213.0.1');
  const taking = await runUnheard(wrapper, again.folder, 'takes');
  t.equal(taking.status, 0, taking.output);
  await eventually('all is as before', async () => (await daemon.pools())[0]?.ready === 4);
  await expectNothingLeft(t, daemon, { gone: [] });
});

t.test('a container that holds a lease already gets that one, and takes none', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  await laidOut(daemon);
  const bundle = await makeBundle(FOREVER);
  await wrapper.start('guest', bundle.folder);
  const { containerId } = await wrapper.lease('guest');
  await wrapper.call('delete', '--force', 'guest');
  await eventually('it has none', async () => (await daemon.leases()).length === 0);
  const lease = await daemon.acquire('--id', containerId as string);
  const fresh = await makeBundle(FOREVER);
  t.equal((await wrapper.start('guest', fresh.folder)).id, lease.id);
  t.equal((await wrapper.call('delete', '--force', 'guest')).status, 0);
  await expectNothingLeft(t, daemon, { gone: [lease.netns.inode] });
});

t.test('whatever netnsd-runc was at when it was killed, the delete of its container gives back', async (t) => {
  await using wrapper = await startWrapper(t, runc(), { toml: POOL });
  const { daemon } = wrapper;
  const shared = await makeBundle('true');
  t.comment(`NETNSD_SHELF_ROUNDS=${ROUNDS} NETNSD_SHELF_SEED=${SEED}`);
  const random = new Random(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    await laidOut(daemon);
    const { folder } = await makeBundle('true', shared);
    const running = wrapper.begin('run', '--bundle', folder, `victim${round}`);
    // What it does itself is done within the first milliseconds; the last ones fall into the container's life.
    await delay(random.next() * 10);
    running.kill('SIGKILL');
    await running;
    const deleted = await wrapper.call('delete', '--force', `victim${round}`);
    t.equal(deleted.status, 0, deleted.output);
  }
  await laidOut(daemon);
  await expectNothingLeft(t, daemon, { gone: [] });
  t.match(await daemon.pools(), [{ leased: 0, broken: 0 }]);
  for (const place of ['taken', 'standing', 'returned']) t.strictSame(readdirSync(shelfOf(daemon, place)), [], place);
});
