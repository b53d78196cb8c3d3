import t from 'tap';
import { hostLinkName } from '../../../../src/endpoint/plan.js';
import { SITE, scene } from './scene.js';

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
  await clock.advance(25);
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
