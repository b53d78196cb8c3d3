import t from 'tap';
import type { Lease } from '../../../../src/pool/index.js';
import { outcome, type Sizes } from '../fakes.js';
import { shelved } from '../shelf/shelved.js';

const TENANT: Sizes = { minReady: 3, isolation: 'tenant' };

t.test('a pool that isolates tenants tells whose an endpoint is before a lease is given out', async (t) => {
  const { pools, endpoints } = await shelved(TENANT);
  const [lease] = await pools.acquire({ tenant: 'a', containerId: 'web' });
  t.same(endpoints.admitted, ['default-1 a']);
  t.same(await pools.acquire({ tenant: 'a', containerId: 'web' }), [lease], 'the same lease');
  const several = await pools.acquire({ tenant: 'b', count: 2 });
  t.equal(several.length, 2);
  t.same(endpoints.admitted.slice(-2), ['default-2 b', 'default-3 b']);
});

t.test('other pools tell nothing', async (t) => {
  const { pools, endpoints, shelf } = await shelved({ minReady: 3 });
  await pools.acquire({ tenant: 'a' });
  t.same(endpoints.admitted, []);
  t.ok(shelf.offers.size > 0);
});

t.test('where that fails the lease ends, and its endpoint is replaced', async (t) => {
  const { pools, endpoints, clock } = await shelved(TENANT);
  endpoints.refusesAdmission = new Error('no rules');
  const { error } = await outcome(pools.acquire({ tenant: 'a' }));
  t.match(error, { message: 'no rules' });
  await clock.settle();
  t.same(pools.leases(), []);
  t.match(pools.endpoint('default-1')?.replaced, { text: /its tenant's network could not be set up: no rules/ });
});

t.test('only what a tenant had is on the shelf, for that tenant', async (t) => {
  const { pools, shelf, clock } = await shelved(TENANT);
  t.equal(shelf.offers.size, 0);
  const [lease] = await pools.acquire({ tenant: 'a' });
  pools.release((lease as Lease).id);
  await clock.advance(1000);
  await clock.settle();
  t.same(
    [...shelf.offers.values()].map(({ tenant }) => tenant),
    ['a'],
  );
});
