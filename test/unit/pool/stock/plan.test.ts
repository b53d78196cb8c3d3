import t from 'tap';
import {
  planForWaiters,
  reachable,
  readyForAny,
  room,
  type StockState,
  supplyOf,
  usedSurplus,
  wanted,
} from '../../../../src/pool/stock/plan.js';

type Partly<T> = { [K in keyof T]?: Partial<T[K]> | T[K] };

/** A pool of at most 10 endpoints on 20 addresses, with 3 unused ready endpoints, for which no client waits. */
function stateOf({ size, addresses, ready, waiting, ...numbers }: Partly<StockState> = {}): StockState {
  return {
    size: { minReady: 3, max: 10, ...size },
    existing: 3,
    building: 0,
    urgent: 0,
    destroying: 0,
    verifying: 0,
    addresses: { free: 17, available: 17, ...addresses },
    ready: { size: 3, unused: 3, forFirst: 3, mixed: false, ...ready },
    waiting: { endpoints: 0, first: 0, tenant: null, ...waiting },
    ...(numbers as Partial<StockState>),
  };
}

const ONE = { endpoints: 1, first: 1, tenant: 'a' };
const NONE_READY = { size: 0, unused: 0, forFirst: 0 };
/** Three are ready, which only tenant b may have. */
const OTHERS = { size: 3, unused: 0, forFirst: 0, mixed: true };

const plans: [
  title: string,
  state: Partly<StockState>,
  plan: { build: number; perRequest?: number; evict?: number },
][] = [
  ['nothing where no client waits', {}, { build: 0 }],
  ['nothing where enough are ready', { waiting: ONE }, { build: 0 }],
  ['one build for one client', { waiting: ONE, ready: NONE_READY, existing: 0 }, { build: 1, perRequest: 1 }],
  [
    'nothing where its build is under way',
    { waiting: ONE, ready: NONE_READY, existing: 1, building: 1, urgent: 1 },
    { build: 0 },
  ],
  [
    'a build although a refill is under way, which takes longer',
    { waiting: ONE, ready: NONE_READY, existing: 4, building: 4 },
    { build: 1 },
  ],
  [
    'a request each for clients that want one',
    { waiting: { endpoints: 5, first: 1, tenant: 'a' }, ready: NONE_READY, existing: 0 },
    { build: 5, perRequest: 1 },
  ],
  [
    'requests of the batch size for a client that wants more',
    { waiting: { endpoints: 6, first: 6, tenant: 'a' }, ready: NONE_READY, existing: 0 },
    { build: 6, perRequest: 4 },
  ],
  [
    'no more than max allows',
    { waiting: { endpoints: 5, first: 1, tenant: 'a' }, ready: NONE_READY, existing: 8 },
    { build: 2 },
  ],
  ['nothing above max, after a resize', { waiting: ONE, ready: NONE_READY, existing: 12 }, { build: 0 }],
  [
    'only what there are addresses for',
    { waiting: { endpoints: 5, first: 1, tenant: 'a' }, ready: NONE_READY, existing: 0, addresses: { available: 2 } },
    { build: 2 },
  ],
  [
    'room by other tenants\u2019 endpoints at max',
    { waiting: ONE, ready: OTHERS, existing: 10 },
    { build: 0, evict: 1 },
  ],
  [
    'no more room where endpoints are being destroyed already',
    { waiting: ONE, ready: OTHERS, existing: 10, destroying: 1 },
    { build: 0, evict: 0 },
  ],
  [
    'no room by other endpoints where a cooldown makes room',
    { waiting: ONE, ready: OTHERS, existing: 3, addresses: { free: 1, available: 0 } },
    { build: 0, evict: 0 },
  ],
];

for (const [title, state, plan] of plans)
  t.test(`the plan for waiting clients: ${title}`, async (t) => {
    t.match(planForWaiters(stateOf(state), 4), { evict: 0, ...plan });
  });

t.test('room is bounded by max and by addresses, and negative above max', async (t) => {
  t.equal(room(stateOf()), 7);
  t.equal(room(stateOf({ addresses: { available: 2 } })), 2);
  t.equal(room(stateOf({ existing: 12 })), -2);
});

t.test('without a release, clients get what is ready, built, verified, and what there is room for', async (t) => {
  t.equal(reachable(stateOf()), 10);
  t.equal(reachable(stateOf({ existing: 9, building: 2, verifying: 1 })), 3 + 2 + 1 + 1);
  t.equal(reachable(stateOf({ existing: 10, ready: OTHERS })), 3, 'other tenants\u2019 endpoints make room');
  t.equal(reachable(stateOf({ existing: 12, ready: OTHERS })), 1, 'but not above max');
  t.equal(reachable(stateOf({ existing: 20, ready: OTHERS })), 0);
});

t.test('endpoints are wanted for the clients without a build, at least one, within max', async (t) => {
  t.equal(wanted(stateOf()), 1);
  t.equal(wanted(stateOf({ waiting: { endpoints: 5 }, urgent: 2 })), 3);
  t.equal(wanted(stateOf({ waiting: { endpoints: 50 } })), 7);
});

t.test('used endpoints count towards the target only where one tenant uses the pool', async (t) => {
  const used = { size: 5, unused: 2, forFirst: 5 };
  t.equal(readyForAny(stateOf({ ready: used })), 5);
  t.equal(readyForAny(stateOf({ ready: { ...used, mixed: true } })), 2);
  t.match(supplyOf(stateOf({ ready: used, building: 1, verifying: 2 })), { ready: 5, coming: 3, existing: 3, max: 10 });
  t.match(supplyOf(stateOf({ ready: { ...used, mixed: true }, building: 1, verifying: 2 })), { ready: 2, coming: 1 });
});

t.test('where several tenants use the pool, at most the target of used endpoints is kept', async (t) => {
  const used = { size: 9, unused: 2, forFirst: 9 };
  t.equal(usedSurplus(stateOf({ ready: used }), 3), 0);
  t.equal(usedSurplus(stateOf({ ready: { ...used, mixed: true } }), 3), 4);
  t.equal(usedSurplus(stateOf({ ready: { ...used, mixed: true } }), 8), 0);
});
