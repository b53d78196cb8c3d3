import fc from 'fast-check';
import { HARMLESS_WAYS, WAYS } from '../../kernel/hostile/ways.js';

/** `n` chooses among the endpoints that the step could be about. */
const n = fc.nat(1000);
/** With a prototype, so that a failure is printed for a reader. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(fields, { noNullPrototype: true });
const TENANTS = ['a', 'a', 'b', 'default'] as const;
const TRUSTS = [undefined, undefined, 'unprivileged', 'unprivileged', 'privileged'] as const;
/** Kinds of holder.ts. */
export const SOCKET_HOLDERS = ['abstract socket', 'TCP listener', 'UDP socket', 'netlink socket'] as const;
export const PRIVILEGED_HOLDERS = ['open namespace', 'mount elsewhere', 'flow dissector'] as const;
/** Where the kernel thread may end: as it enters a namespace, makes one, takes one away, asks the kernel. */
const POINTS = ['call setns', 'call unshare', 'call umount2', 'call sendto'] as const;
const MAX = 8;

const acquire = record({
  what: fc.constant('acquire' as const),
  tenant: fc.constantFrom(...TENANTS),
  trust: fc.constantFrom(...TRUSTS),
});
const dirty = record({
  what: fc.constant('dirty' as const),
  n,
  ways: fc.array(fc.nat(WAYS.length - 1), { minLength: 1, maxLength: 3 }),
});
const use = record({ what: fc.constant('use' as const), n, way: fc.nat(HARMLESS_WAYS.length - 1) });
const hold = record({
  what: fc.constant('hold' as const),
  n,
  kind: fc.constantFrom(...SOCKET_HOLDERS, ...PRIVILEGED_HOLDERS),
});
const about = <W extends string>(what: W) => record({ what: fc.constant(what), n });
const release = record({ what: fc.constant('release' as const), n, force: fc.boolean() });
const kill = record({ what: fc.constant('kill the daemon' as const), afterMs: fc.nat(80) });
const endThread = record({
  what: fc.constant('end the kernel thread' as const),
  point: fc.constantFrom(...POINTS),
  nth: fc.integer({ min: 1, max: 12 }),
});
const resize = record({
  what: fc.constant('resize' as const),
  minReady: fc.nat(3),
  max: fc.integer({ min: 3, max: MAX }),
});
const settle = record({ what: fc.constant('settle' as const) });

/** One thing that happens to a pool, or to an endpoint that it handed out. */
export const step = fc.oneof(
  { weight: 9, arbitrary: acquire },
  { weight: 5, arbitrary: dirty },
  { weight: 5, arbitrary: use },
  { weight: 2, arbitrary: hold },
  { weight: 1, arbitrary: about('let go') },
  { weight: 3, arbitrary: about('enter') },
  { weight: 1, arbitrary: about('leave') },
  { weight: 8, arbitrary: release },
  { weight: 1, arbitrary: kill },
  { weight: 1, arbitrary: endThread },
  { weight: 1, arbitrary: resize },
  { weight: 4, arbitrary: settle },
);

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
