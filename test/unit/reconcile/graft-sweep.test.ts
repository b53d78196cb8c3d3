import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Link } from '../../../src/kernel/rtnetlink/link.js';
import type { Lease } from '../../../src/pool/index.js';
import { keepSweeping, sweepGrafts } from '../../../src/reconcile/graft-sweep.js';
import { isGraftInUse } from '../../../src/reconcile/graft-users.js';
import { world } from '../pool/fakes.js';

const GRAFT = { inode: 4026530000, pid: 4711 };

t.test('a graft is in use while somebody is inside and the pair lives, or its own process is there', async (t) => {
  const use = (linked: boolean, pids: number[]) =>
    isGraftInUse({ graft: GRAFT, linked, users: new Map([[GRAFT.inode, pids]]) });
  t.ok(use(true, [GRAFT.pid]));
  t.ok(use(true, [12]), 'a process that was started by the first one');
  t.notOk(use(true, []), 'a namespace that somebody keeps mounted');
  t.notOk(use(false, []));
  t.notOk(use(false, [12]), 'the number of the namespace was given again');
  t.ok(use(false, [GRAFT.pid]), 'somebody deleted the link by hand');
});

/** Three leases, two of them grafted; the looks answer what the test sets. */
async function swept() {
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
    pools,
    inventory: async () => {
      looks.taken += 1;
      return { links: looks.links.map((name) => ({ name }) as Link) };
    },
    users: () => looks.users,
    log,
  };
  return { pools, plain, runs, gone, looks, logged, options };
}

t.test('only a grafted lease whose container has gone is released', async (t) => {
  const { pools, plain, runs, gone, logged, options } = await swept();
  t.strictSame(await sweepGrafts(options), [gone.id]);
  t.strictSame(pools.leases({}), [plain, runs]);
  t.strictSame(logged, ['a container has gone without its poststop hook']);
  t.strictSame(await sweepGrafts(options), []);
});

t.test('a lease that was grafted during the looks is not judged by them', async (t) => {
  const { pools, plain, runs, gone, options } = await swept();
  const inventory = async () => {
    pools.release(gone.id);
    pools.markGrafted(plain.id, { inode: 3, pid: 33 });
    pools.markGrafted(runs.id, { inode: 4, pid: 44 });
    return { links: [] };
  };
  t.strictSame(await sweepGrafts({ ...options, inventory }), []);
  t.strictSame(pools.leases({}), [plain, runs]);
});

t.test('without a grafted lease nothing is looked at', async (t) => {
  const { pools, runs, gone, looks, options } = await swept();
  for (const { id } of [runs, gone]) pools.release(id);
  t.strictSame(await sweepGrafts(options), []);
  t.equal(looks.taken, 0);
});

t.test('sweeping goes on past a look that fails, until it is stopped', async (t) => {
  const { pools, gone, logged, options } = await swept();
  let looks = 0;
  const inventory = async () => {
    looks += 1;
    if (looks === 1) throw new Error('the kernel is busy');
    return options.inventory();
  };
  const stop = keepSweeping({ ...options, inventory }, 1);
  for (let i = 0; i < 500 && pools.lease(gone.id) !== undefined; i += 1) await delay(2);
  t.equal(pools.lease(gone.id), undefined);
  t.equal(logged[0], 'grafted leases were not looked after');
  stop();
  await delay(10);
  const after = looks;
  await delay(20);
  t.equal(looks, after);
});
