import t from 'tap';
import { world } from './fakes.js';

const GRAFT = { inode: 4026530000, pid: 4711 };

t.test('a graft is recorded before the interface is moved', async (t) => {
  const { pools, clock, records } = world();
  await clock.settle();
  const [lease] = await pools.acquire({ containerId: 'c' });
  const id = lease?.id as string;
  t.equal(lease?.graft, undefined);
  const key = pools.markGrafted(id, GRAFT);
  t.equal(lease, pools.lease(id), 'the same object as before');
  t.strictSame(lease?.graft, GRAFT);
  t.match(records.onDisk.get(key.id), { ...key, state: 'leased', lease: { id, graft: GRAFT, containerId: 'c' } });
  t.strictSame(records.faults, []);
});

t.test('a restart takes over the graft of a lease', async (t) => {
  const first = world();
  await first.clock.settle();
  const [lease] = await first.pools.acquire({});
  first.pools.markGrafted(lease?.id as string, GRAFT);
  const adopted = [...first.records.onDisk.values()];
  const { pools } = world({ adopted, seq: 1000 });
  t.strictSame(pools.lease(lease?.id as string), lease);
});

t.test('a graft that cannot be recorded leaves the lease as it was', async (t) => {
  const { pools, clock, records } = world();
  await clock.settle();
  const [lease] = await pools.acquire({});
  records.full = true;
  t.throws(() => pools.markGrafted(lease?.id as string, GRAFT), { code: 'state_write_failed' });
  t.equal(lease?.graft, undefined);
  t.throws(() => pools.markGrafted('none', GRAFT), { code: 'lease_not_found' });
});

t.test('a grafted endpoint is replaced after its release', async (t) => {
  const { pools, clock, events, endpoints } = world();
  await clock.settle();
  const [lease] = await pools.acquire({});
  const key = pools.markGrafted(lease?.id as string, GRAFT);
  t.ok(pools.release(lease?.id as string));
  await clock.settle();
  t.match(
    events.find(({ type }) => type === 'destroyed'),
    { endpoint: key.id, reason: 'its interface was moved into another namespace' },
  );
  t.notOk(endpoints.alive.has(key.id));
});
