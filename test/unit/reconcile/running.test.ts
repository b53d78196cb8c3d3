import t from 'tap';
import type { EndpointLink } from '../../../src/endpoint/build/inventory.js';
import { aliasOf, hostLinkName } from '../../../src/endpoint/plan.js';
import type { BuiltEndpoint, Found, Survey } from '../../../src/endpoint/thread/thread-protocol.js';
import type { EndpointName, Site } from '../../../src/endpoint/types.js';
import type { EndpointRecord } from '../../../src/pool/index.js';
import { Reconciler } from '../../../src/reconcile/running.js';
import { type Sizes, world } from '../pool/fakes.js';

const SITE: Site = { instanceId: 'test', stateDir: '/run/netnsd', netnsDir: null };

/** Pools over fakes, and a kernel that has all of their endpoints except what the test takes away. */
async function scene(sizes: Sizes = {}) {
  const made = world({ pools: [{ minReady: 3, ...sizes }] });
  await made.clock.settle();
  const kernel = {
    /** Names of links and paths of mounts that were deleted. */
    missing: new Set<string>(),
    extra: [] as EndpointLink[],
    inside: new Map<number, number[]>(),
    lacking: new Map<string, string>(),
    destroyed: [] as string[],
    repairs: [] as { ids: string[]; fix: boolean }[],
    /** Called after the survey, before the reconciler gets it. */
    meanwhile: async (): Promise<void> => undefined,
    async repair(endpoints: readonly EndpointName[], { fix }: { fix: boolean }) {
      kernel.repairs.push({ ids: endpoints.map(({ id }) => id), fix });
      return [];
    },
    async survey(ready: readonly BuiltEndpoint[]): Promise<Survey> {
      const survey = {
        found: foundOf([...made.endpoints.alive.values()]),
        users: new Map(kernel.inside),
        lacking: ready.map(({ name }) => kernel.lacking.get(name.id) ?? null),
      };
      await kernel.meanwhile();
      return survey;
    },
    async destroy(names: readonly EndpointName[]) {
      kernel.destroyed.push(...names.map(({ id }) => id));
      return names.map(() => ({ ok: true as const, value: undefined }));
    },
  };
  function foundOf(keys: readonly EndpointName[]): Found {
    const links = keys.map(
      ({ id, seq }) => ({ name: hostLinkName(SITE, seq), alias: aliasOf(SITE, id), hub: 'default.0' }) as EndpointLink,
    );
    return {
      links: [...links, ...kernel.extra].filter(({ name }) => !kernel.missing.has(name)),
      uplinks: [],
      hubs: [],
      namespaces: keys.map(({ id, seq }) => [id, 4026531840 + seq] as const).filter(([id]) => !kernel.missing.has(id)),
    };
  }
  const now = { ms: 0 };
  const orphans: EndpointName[] = [];
  const reconciler = new Reconciler({
    site: SITE,
    pools: made.pools,
    kernel,
    times: () => ({ goneAfterMs: 300_000, unusedAfterMs: 3_600_000 }),
    sight: { wholeMachine: true, others: true },
    monotonicMs: () => now.ms,
    orphans,
  });
  const run = async (fix = true) => {
    let ended = false;
    const running = reconciler.run({ fix }).finally(() => {
      ended = true;
    });
    // Queries for the processes inside run when the clock is advanced.
    while (!ended) await made.clock.settle();
    return (await running).findings;
  };
  const record = (state: EndpointRecord['state']) =>
    made.pools.records().find((one) => one.state === state) as EndpointRecord;
  return { ...made, kernel, reconciler, run, record, now, orphans };
}

t.test('nothing is found if all is as it was built', async (t) => {
  const { run, pools, kernel, record } = await scene();
  await pools.acquire({ containerId: 'c' });
  t.strictSame(await run(), []);
  t.strictSame(kernel.repairs[0]?.ids.includes(record('leased').id), true, 'leased ones keep their ports too');
});

t.test('a broken ready endpoint is replaced, the others are not', async (t) => {
  const { run, clock, kernel, pools, record, events } = await scene();
  const broken = record('ready');
  kernel.missing.add(hostLinkName(SITE, broken.seq));
  t.match(await run(), [
    { object: broken.id, problem: 'its link in the hub is gone', action: 'replaced', outcome: 'done' },
  ]);
  await clock.settle();
  t.match(pools.status()[0], { ready: 3, destroying: 0 });
  t.match(
    events.filter(({ type }) => type === 'destroyed'),
    [{ endpoint: broken.id, reason: 'its link in the hub is gone' }],
  );
});

t.test('without fix nothing is changed', async (t) => {
  const { run, clock, kernel, pools, record } = await scene();
  const broken = record('ready');
  kernel.lacking.set(broken.id, 'its address is gone');
  kernel.extra.push({ name: hostLinkName(SITE, 999), alias: aliasOf(SITE, 'default-999') } as EndpointLink);
  t.match(await run(false), [
    { object: broken.id, problem: 'its address is gone', action: 'replaced', outcome: 'found' },
    { object: 'default-999', action: 'removed', outcome: 'found' },
  ]);
  await clock.settle();
  t.ok(pools.records().includes(broken));
  t.strictSame(kernel.destroyed, []);
  t.strictSame(
    kernel.repairs.map(({ fix }) => fix),
    [false],
  );
});

t.test('an endpoint that is leased between survey and decision is not replaced', async (t) => {
  const { run, kernel, pools } = await scene({ minReady: 1 });
  const [ready] = pools.records();
  kernel.missing.add(hostLinkName(SITE, ready?.seq ?? 0));
  kernel.meanwhile = async () => {
    await pools.acquire({ containerId: 'c' });
  };
  t.strictSame(await run(), []);
  t.match(pools.leases({ containerId: 'c' }), [{ netns: { inode: ready?.facts?.netns.inode } }]);
});

t.test('an endpoint that was leased and is ready again is not replaced for an older survey', async (t) => {
  const { run, clock, kernel, pools, endpoints } = await scene({ minReady: 1, recycle: 'verify' });
  const [ready] = pools.records();
  // The container's process is inside during the survey, and has ended when the endpoint is ready again.
  kernel.inside.set(ready?.facts?.netns.inode ?? 0, [4711]);
  kernel.meanwhile = async () => {
    const [lease] = await pools.acquire({ containerId: 'c' });
    pools.release(lease?.id ?? '');
    await clock.settle();
  };
  t.strictSame(await run(), []);
  t.ok(endpoints.alive.has(ready?.id ?? ''), 'the same endpoint');
  t.match(pools.status()[0], { ready: 1, recycledByProof: 1 });
});

t.test('a lease that was released between survey and decision is not released again', async (t) => {
  const { run, kernel, pools, clock } = await scene();
  const [lease] = await pools.acquire({ containerId: 'c' });
  kernel.missing.add(pools.records().find(({ state }) => state === 'leased')?.id ?? '');
  kernel.meanwhile = async () => {
    pools.release(lease?.id ?? '');
    await pools.acquire({ containerId: 'c' });
  };
  t.strictSame(await run(), []);
  t.equal(pools.leases({ containerId: 'c' }).length, 1, 'the later lease of the same container stays');
  await clock.settle();
});

t.test('an endpoint that is built or destroyed during a survey is not a stray', async (t) => {
  const { run, clock, kernel, pools, endpoints } = await scene();
  endpoints.manual = true;
  pools.resize('default', { minReady: 4 });
  await clock.settle();
  const building = endpoints.requests.find(({ kind }) => kind === 'build')?.keys[0];
  t.ok(endpoints.alive.has(building?.id ?? ''), 'it is in the kernel already');
  t.strictSame(await run(), [], 'being built');
  endpoints.manual = false;
  for (const request of [...endpoints.requests]) request.answer();
  await clock.settle();
  kernel.meanwhile = async () => {
    pools.resize('default', { minReady: 1 });
    await clock.settle();
  };
  t.strictSame(await run(), [], 'gone by the time of the decision');
  t.strictSame(kernel.destroyed, []);
});

t.test('an object of no endpoint is removed, one of an orphaned lease is not', async (t) => {
  const { run, kernel, orphans } = await scene();
  kernel.extra.push({
    name: hostLinkName(SITE, 800),
    alias: aliasOf(SITE, 'former-800'),
    hub: 'former.0',
  } as EndpointLink);
  kernel.extra.push({ name: hostLinkName(SITE, 900), alias: aliasOf(SITE, 'default-900') } as EndpointLink);
  kernel.extra.push({ name: hostLinkName(SITE, 0), alias: aliasOf(SITE, 'default-0') } as EndpointLink);
  orphans.push({ id: 'former-800', pool: 'former', index: 1, seq: 800 });
  t.match(await run(), [{ object: 'default-900', action: 'removed', outcome: 'done' }]);
  t.strictSame(kernel.destroyed, ['default-900'], 'and not the reference endpoint, number 0');
});

t.test('a container is recorded, and its lease ends when it has been gone long enough', async (t) => {
  const { run, kernel, pools, records, now, clock, events } = await scene();
  const [lease] = await pools.acquire({ containerId: 'c', forContainer: true });
  const inode = lease?.netns.inode ?? 0;
  kernel.inside.set(inode, [4711]);
  t.strictSame(await run(), []);
  t.match([...records.onDisk.values()].find(({ state }) => state === 'leased')?.lease, { container: 'seen' });
  kernel.inside.delete(inode);
  for (const ms of [1000, 300_999]) {
    now.ms = ms;
    t.strictSame(await run(), [], `${ms} ms`);
  }
  now.ms = 301_000;
  t.match(await run(false), [{ lease: lease?.id, problem: 'its container has gone', action: 'released' }]);
  t.ok(pools.lease(lease?.id ?? ''), 'only reported');
  t.match(await run(), [{ lease: lease?.id, action: 'released', outcome: 'done' }]);
  t.notOk(pools.lease(lease?.id ?? ''));
  await clock.settle();
  t.match(pools.status()[0], { ready: 3, leased: 0, replaced: 1, replacedFor: { abandoned: 1 } }, 'never used again');
  t.match(
    events.filter(({ type }) => type === 'released'),
    [{ lease: lease?.id, reason: 'its container has gone' }],
  );
});

t.test('a container that starts after the survey keeps its lease', async (t) => {
  const { run, kernel, pools, now, endpoints } = await scene();
  const [lease] = await pools.acquire({ containerId: 'c', forContainer: true });
  await run();
  now.ms = 3_600_000;
  kernel.meanwhile = async () => {
    endpoints.inside.set(lease?.netns.inode ?? 0, [4711]);
  };
  t.strictSame(await run(), []);
  t.ok(pools.lease(lease?.id ?? ''));
  endpoints.inside.clear();
  kernel.meanwhile = async () => undefined;
  t.match(await run(), [{ problem: 'its container never came', outcome: 'done' }]);
});

t.test('a lease of a plain acquire stays, however long it is empty', async (t) => {
  const { run, pools, now } = await scene();
  const [lease] = await pools.acquire({ containerId: 'c' });
  await run();
  now.ms = 1e10;
  t.strictSame(await run(), []);
  t.ok(pools.lease(lease?.id ?? ''));
});

t.test('a lease that lost its link is reported and kept', async (t) => {
  const { run, kernel, pools, record } = await scene();
  const [lease] = await pools.acquire({});
  kernel.missing.add(hostLinkName(SITE, record('leased').seq));
  for (const fix of [false, true])
    t.match(await run(fix), [{ lease: lease?.id, action: 'none', outcome: 'found', advice: /with a new lease/ }]);
  t.ok(pools.lease(lease?.id ?? ''));
});

t.test('a full disk does not stop a reconcile', async (t) => {
  const { run, kernel, pools, records } = await scene();
  const [lease] = await pools.acquire({ forContainer: true });
  kernel.inside.set(lease?.netns.inode ?? 0, [4711]);
  records.full = true;
  t.strictSame(await run(), []);
  records.full = false;
  t.strictSame(await run(), []);
  t.match([...records.onDisk.values()].find(({ state }) => state === 'leased')?.lease, { container: 'seen' });
});

t.test('reconciles run one after another, and one that fails does not stop the next', async (t) => {
  const { reconciler, kernel } = await scene();
  let running = 0;
  let most = 0;
  let failing = true;
  kernel.meanwhile = async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running -= 1;
    if (failing) throw new Error('no answer');
  };
  const first = reconciler.run({ fix: true });
  const second = reconciler.run({ fix: true });
  await t.rejects(first, /no answer/);
  await t.rejects(second, /no answer/);
  t.equal(most, 1);
  failing = false;
  t.match(await reconciler.run({ fix: false }), { findings: [], endpoints: 3 });
});
