import fc from 'fast-check';

/** The most endpoints that a resize allows. */
export const MAX = 8;
const n = fc.nat(1000);

/** One event; `n` chooses the endpoint, lease or request that it is about. */
export const usual = [
  fc.record({
    what: fc.constant('acquire' as const),
    n,
    count: fc.integer({ min: 1, max: 3 }),
    wait: fc.constantFrom(0, 0, 1, 20),
    ttl: fc.constantFrom(undefined, undefined, 3),
    container: fc.constantFrom(undefined, 'a', 'b'),
    tenant: fc.constantFrom('default', 'default', 't'),
  }),
  fc.record({ what: fc.constantFrom('abort' as const, 'release' as const, 'release' as const, 'lose' as const), n }),
  fc.record({ what: fc.constantFrom('take' as const, 'give back' as const, 'dirty' as const, 'enter' as const), n }),
  fc.record({
    what: fc.constantFrom('answer' as const, 'answer' as const, 'answer' as const),
    n,
    fail: fc.constantFrom(0, 0, 1, 2),
  }),
  fc.record({ what: fc.constant('resize' as const), n, max: fc.integer({ min: 1, max: MAX }) }),
  fc.record({ what: fc.constant('advance' as const), n, ms: fc.constantFrom(0, 0, 50, 700, 4000) }),
] as const;
const fullDisk = fc.record({ what: fc.constant('disk' as const), n });
export const happening = fc.oneof(...usual, fullDisk);

/** What fails while nothing new happens, if anything. */
export const pause = fc.constantFrom(
  'nothing' as const,
  'nothing' as const,
  'disk' as const,
  'build' as const,
  'destroy' as const,
);

export type Failing = typeof pause extends fc.Arbitrary<infer T> ? T : never;
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;
