import t from 'tap';
import type { Lease } from '../../../../src/pool/index.js';
import { endpointOf, shelved } from './shelved.js';

t.test('a lease from the shelf is active although it cannot be recorded', async (t) => {
  const { pools, shelf, records, clock } = await shelved();
  records.full = true;
  const id = shelf.take('web');
  t.strictSame(pools.leases().map(endpointOf), [id]);
  await clock.settle();
  records.full = false;
  await clock.advance(60_000);
  t.match(records.onDisk.get(id as string), { state: 'leased' }, 'and is, when that is possible');
});

for (const ends of ['recorded', 'destroyed', 'ready again'] as const)
  t.test(`a release that cannot be recorded keeps its container from the shelf until it is ${ends}`, async (t) => {
    const recycle = ends === 'ready again' ? ('verify' as const) : ('replace' as const);
    const { pools, shelf, records, endpoints, clock } = await shelved({ recycle });
    const [lease] = await pools.acquire({ containerId: 'web' });
    const { id = '', netns } = lease ?? {};
    records.full = true;
    // A process is still inside, so that it stays dirty.
    if (ends === 'recorded') endpoints.inside.set(netns?.inode as number, [7]);
    pools.release(id);
    t.strictSame(pools.leases(), []);
    t.ok(shelf.marked.has('web'));
    records.full = false;
    await clock.advance(ends === 'recorded' ? 60_000 : 100);
    t.notOk(shelf.marked.has('web'));
    const state = { recorded: 'dirty', destroyed: undefined, 'ready again': 'ready' }[ends];
    t.equal(records.onDisk.get(endpointOf(lease as Lease))?.state, state);
    t.strictSame(records.faults, []);
  });

t.test('a lease from the shelf whose record cannot be written stays there until it is written', async (t) => {
  const { pools, shelf, records, clock } = await shelved();
  records.full = true;
  const id = shelf.take('web') as string;
  pools.collect();
  await clock.settle();
  t.strictSame(shelf.recorded, []);
  t.match(pools.poolStatus('default'), { leased: 1, trouble: /no space left/ });
  records.full = false;
  await clock.advance(60_000);
  pools.collect();
  t.match(records.onDisk.get(id), { state: 'leased' });
  t.strictSame(shelf.recorded, ['web']);
  t.strictSame(records.faults, []);
});
