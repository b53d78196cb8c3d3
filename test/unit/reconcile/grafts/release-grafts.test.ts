import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { EndpointLink } from '../../../../src/endpoint/build/inventory.js';
import type { Lease } from '../../../../src/pool/index.js';
import { isGraftInUse } from '../../../../src/reconcile/grafts/graft-users.js';
import { releaseEndedGrafts, watchGrafts } from '../../../../src/reconcile/grafts/release-grafts.js';
import { world } from '../../pool/fakes.js';

const GRAFT = { inode: 4026530000, pid: 4711 };

t.test('a graft is in use while a process is inside and the pair exists, or its own process is there', async (t) => {
  const use = (linked: boolean, pids: number[]) =>
    isGraftInUse({ graft: GRAFT, linked, users: new Map([[GRAFT.inode, pids]]) });
  t.ok(use(true, [GRAFT.pid]));
  t.ok(use(true, [12]), 'a child of the first process');
  t.notOk(use(true, []), 'a namespace that is kept by a mount');
  t.notOk(use(false, []));
  t.notOk(use(false, [12]), 'the inode number was reused');
  t.ok(use(false, [GRAFT.pid]), 'the link was deleted by hand');
});

/** Three leases, two of them grafted; the survey shows what the test sets. */
async function scene() {
  const { pools, clock } = world({ pools: [{ minReady: 4 }] });
  await clock.settle();
  const leases: Lease[] = [];
  for (const containerId of ['plain', 'runs', 'gone']) leases.push(...(await pools.acquire({ containerId })));
  const [plain, runs, gone] = leases as [Lease, Lease, Lease];
  pools.markGrafted(runs.id, { inode: 1, pid: 11 });
  pools.markGrafted(gone.id, { inode: 2, pid: 22 });
  const looks = { links: leases.map((lease) => lease.interface.hostName), users: new Map([[1, [11]]]), taken: 0 };
  const logged: string[] = [];
  const log = {
    info: (_: object, message: string) => void logged.push(message),
    warn: (_: object, message: string) => void logged.push(message),
  };
  const options = {
    site: { instanceId: 'test', identity: 'boot /test', stateDir: '/run/netnsd', netnsDir: null },
    pools,
    inventory: async () => {
      looks.taken += 1;
      return { links: looks.links.map((name) => ({ name, hub: 'default.0' }) as EndpointLink), namespaces: [] };
    },
    users: () => looks.users,
    log,
  };
  return { pools, plain, runs, gone, looks, logged, options };
}

t.test('only a grafted lease whose container has gone is released', async (t) => {
  const { pools, plain, runs, gone, logged, options } = await scene();
  t.strictSame(await releaseEndedGrafts(options), [gone.id]);
  t.strictSame(pools.leases({}), [plain, runs]);
  t.strictSame(logged, ['container ended without its poststop hook; released']);
  t.strictSame(await releaseEndedGrafts(options), []);
});

t.test('a lease that is grafted during the survey is kept', async (t) => {
  const { pools, plain, runs, gone, options } = await scene();
  const inventory = async () => {
    pools.release(gone.id);
    pools.markGrafted(plain.id, { inode: 3, pid: 33 });
    pools.markGrafted(runs.id, { inode: 4, pid: 44 });
    return { links: [], namespaces: [] };
  };
  t.strictSame(await releaseEndedGrafts({ ...options, inventory }), []);
  t.strictSame(pools.leases({}), [plain, runs]);
});

t.test('without a grafted lease the kernel is not asked', async (t) => {
  const { pools, runs, gone, looks, options } = await scene();
  for (const { id } of [runs, gone]) pools.release(id);
  t.strictSame(await releaseEndedGrafts(options), []);
  t.equal(looks.taken, 0);
});

t.test('checks continue after one that failed, until disposed', async (t) => {
  const { pools, gone, logged, options } = await scene();
  let looks = 0;
  const inventory = async () => {
    looks += 1;
    if (looks === 1) throw new Error('the kernel is busy');
    return options.inventory();
  };
  const watch = watchGrafts({ ...options, inventory }, 1);
  while (pools.lease(gone.id) !== undefined) await delay(2);
  t.equal(pools.lease(gone.id), undefined);
  t.equal(logged[0], 'failed to check grafted leases');
  watch[Symbol.dispose]();
  await delay(10);
  const after = looks;
  await delay(20);
  t.equal(looks, after);
});
