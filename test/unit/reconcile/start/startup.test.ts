import t from 'tap';
import type { EndpointRecord } from '../../../../src/pool/index.js';
import { planStart, type StartPlan } from '../../../../src/reconcile/start/start-plan.js';
import { carryOutStart, refuseTaken } from '../../../../src/reconcile/start/startup.js';
import { LEASED, READY, surveyOf, worldOf } from '../worlds.js';

const NONE = { hubs: [], links: [] };

/** A kernel and records that write down what is asked of them, in order. */
async function carriedOut(plan: Partial<StartPlan>, options: { refuses?: string; stuck?: string[] } = {}) {
  const done: string[] = [];
  const warned: [object, string][] = [];
  const records = [...(plan.adopted ?? []), ...(plan.strays ?? [])].flatMap((one) => ('state' in one ? [one] : []));
  const whole: StartPlan = { adopted: [], strays: [], stale: NONE, orphans: [], retired: [], spared: [], ...plan };
  await carryOutStart(whole, {
    records: records as EndpointRecord[],
    kernel: {
      destroy: async (names) => {
        done.push(`destroy ${names.map(({ id }) => id)}`);
        return names.map(({ id }) =>
          id === options.refuses ? { ok: false, error: new Error('busy') } : { ok: true, value: undefined },
        );
      },
      removeStale: async ({ hubs, links }) => {
        done.push(`remove ${hubs} and ${links}`);
        return options.stuck ?? [];
      },
      adopt: async (adopted) => done.push(`adopt ${adopted.map(({ id }) => id)}`),
    },
    files: {
      write: ({ id, state }) => void done.push(`write ${id} ${state}`),
      remove: ({ id }, state) => void done.push(`remove ${id} ${state}`),
    },
    log: { info: () => undefined, warn: (details, message) => void warned.push([details, message]) },
  });
  return { done, warned };
}

t.test('strays are destroyed before their records, and both before anything is adopted', async (t) => {
  const stray = { ...READY.record, id: 'default-8' };
  const { done, warned } = await carriedOut({
    strays: [stray],
    adopted: [LEASED.record],
    stale: { hubs: ['gone.0'], links: ['nbx'] },
  });
  t.same(done, ['destroy default-8', 'remove default-8 ready', 'remove gone.0 and nbx', 'adopt default-7']);
  t.same(warned, []);
});

t.test('a stray that cannot be destroyed keeps its record, and is found again by the next start', async (t) => {
  const { done, warned } = await carriedOut({ strays: [READY.record] }, { refuses: READY.record.id });
  t.notOk(done.includes('remove default-7 ready'));
  t.match(warned, [[{ endpoint: 'default-7', err: { message: 'busy' } }, 'failed to destroy a stray endpoint']]);
});

t.test('what cannot be removed and what is left alone is logged', async (t) => {
  const plan = { stale: { hubs: [], links: ['nbx', 'nby'] }, spared: [READY.record], orphans: [LEASED.record] };
  const { warned } = await carriedOut(plan, { stuck: ['nby'] });
  t.match(warned, [
    [{ endpoint: 'default-7', lease: '0123456789abcdef', containerId: 'c' }, /no longer configured; it is kept/],
    [{ endpoint: 'default-7' }, /in use; it is left alone/],
    [{ link: 'nby' }, /failed to delete a link/],
  ]);
});

t.test('a record that has changed is written, one that has not is left', async (t) => {
  const world = worldOf({ ...READY, link: 'none' });
  const { adopted } = planStart(surveyOf(world));
  const done: string[] = [];
  const files = { write: ({ id, state }: EndpointRecord) => void done.push(`${id} ${state}`), remove: () => undefined };
  const kernel = { destroy: async () => [], removeStale: async () => [], adopt: async () => undefined };
  const log = { info: () => undefined, warn: () => undefined };
  const plan = { strays: [], stale: NONE, orphans: [], retired: [], spared: [] };
  await carryOutStart({ ...plan, adopted }, { records: [READY.record], files, kernel, log });
  t.same(done, ['default-7 dirty']);
  await carryOutStart({ ...plan, adopted: [READY.record] }, { records: [READY.record], files, kernel, log });
  t.same(done, ['default-7 dirty']);
});

t.test('a pool whose subnet leases of another pool have is refused, with the containers', async (t) => {
  const leased = Array.from({ length: 7 }, (_, i) => ({
    ...LEASED.record,
    lease: { ...(LEASED.record.lease as NonNullable<EndpointRecord['lease']>), containerId: `c${i}` },
  }));
  const pools = (name: string, subnet: string) => [{ name, subnet }];
  t.throws(() => refuseTaken(leased, pools('web', '10.213.8.0/24')), {
    code: 'subnet_overlap',
    message:
      /pool web is in use by active leases of pool default: c0, c1, c2, c3, c4 and 2 more; choose another subnet/,
  });
  t.doesNotThrow(() => refuseTaken(leased, pools('default', '10.213.0.0/16')), 'its own pool');
  t.doesNotThrow(() => refuseTaken(leased, pools('web', '10.99.0.0/16')), 'another subnet');
});
