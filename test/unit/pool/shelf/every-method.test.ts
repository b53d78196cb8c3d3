import t from 'tap';
import { type EndpointRecord, type Lease, Pools } from '../../../../src/pool/index.js';
import { shelved } from './shelved.js';

/** Every method of the pools that reads or changes leases or endpoints. */
const METHODS: { [K in keyof Pools]?: (pools: Pools, lease: Lease) => unknown } = {
  collect: (pools) => pools.collect(),
  acquire: (pools) => pools.acquire({}),
  release: (pools) => pools.release('none'),
  releaseGone: (pools) => pools.releaseGone('none'),
  renew: (pools, { id }) => pools.renew(id, 60),
  records: (pools) => pools.records(),
  endpoint: (pools) => pools.endpoint('default-1'),
  replace: (pools) => pools.replace({ pool: 'default' } as EndpointRecord, 'broken'),
  endLease: (pools) => pools.endLease({ pool: 'default' } as EndpointRecord, { kind: 'x', text: 'x' }),
  sawContainer: (pools) => pools.sawContainer({ pool: 'default' } as EndpointRecord),
  occupants: (pools) => pools.occupants([]),
  markGrafted: (pools, { id }) => pools.markGrafted(id, { inode: 1, pid: 1 }),
  lease: (pools) => pools.lease('none'),
  leases: (pools) => pools.leases(),
  status: (pools) => pools.status(),
  poolStatus: (pools) => pools.poolStatus('default'),
  resize: (pools) => pools.resize('default', {}),
  endRetired: (pools) => pools.endRetired('default'),
  checkShelf: (pools) => pools.checkShelf({ fix: false }),
};

const OTHER_METHODS = ['constructor', 'start', 'subscribe', 'close', 'drain'];

t.test('every method catches up with the shelf exactly once', async (t) => {
  const methods = Object.getOwnPropertyNames(Pools.prototype).filter((name) => !OTHER_METHODS.includes(name));
  t.same(methods.toSorted(), Object.keys(METHODS).toSorted());
  for (const [name, call] of Object.entries(METHODS)) {
    const { pools, shelf, clock } = await shelved({ minReady: 3 });
    const [lease] = await pools.acquire({});
    let looks = 0;
    const collect = shelf.collect.bind(shelf);
    shelf.collect = () => {
      looks += 1;
      return collect();
    };
    shelf.take('web');
    await call(pools, lease as Lease);
    t.equal(looks, 1, name);
    t.equal(pools.leases({ containerId: 'web' }).length, 1, name);
    await clock.settle();
  }
});
