import t from 'tap';
import type { EndpointLink } from '../../../../src/endpoint/build/inventory.js';
import { aliasOf } from '../../../../src/endpoint/identity.js';
import { hostLinkName } from '../../../../src/endpoint/plan.js';
import { SITE, scene } from './scene.js';

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

t.test('an object of no endpoint is removed, and one with a process inside is told', async (t) => {
  const { run, kernel } = await scene();
  kernel.extra.push({ name: hostLinkName(SITE, 800), alias: aliasOf(SITE, 'former-800') } as EndpointLink);
  kernel.mounts.push(['former-800', 4711]);
  kernel.inside.set(4711, [815]);
  kernel.extra.push({ name: hostLinkName(SITE, 900), alias: aliasOf(SITE, 'default-900') } as EndpointLink);
  kernel.extra.push({ name: hostLinkName(SITE, 0), alias: aliasOf(SITE, 'default-0') } as EndpointLink);
  t.match(await run(), [
    { object: 'default-900', action: 'removed', outcome: 'done' },
    { object: 'former-800', action: 'none', outcome: 'found', problem: /is in use/ },
  ]);
  t.strictSame(kernel.destroyed, ['default-900'], 'and not the reference endpoint, number 0');
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
