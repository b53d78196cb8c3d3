import { errnoOf } from '../../../kernel/errno.js';
import { ACTION_ITEMS } from './action-items.js';
import { BPF_ITEMS } from './bpf-items.js';
import { GENERIC_ITEMS } from './generic-items.js';
import type { Item, View } from './item.js';
import { NETFILTER_ITEMS } from './netfilter-items.js';
import { PROC_ITEMS, SOCKETS } from './proc-items.js';
import { ROUTE_ITEMS } from './route-items.js';
import { SYSCTLS } from './sysctl-item.js';
import { XFRM_ITEMS } from './xfrm-items.js';

/** All that is compared; what it costs to be read is in the order of 0.5 ms, but for the sysctls. */
export const ITEMS: readonly Item[] = [
  ...ROUTE_ITEMS,
  ...ACTION_ITEMS,
  ...NETFILTER_ITEMS,
  ...XFRM_ITEMS,
  ...GENERIC_ITEMS,
  ...PROC_ITEMS,
  ...BPF_ITEMS,
];

/** The canonical description of a namespace: by item, its objects in canonical form and order. */
export type Fingerprint = ReadonlyMap<string, readonly Buffer[]>;

/** What was found that a pristine endpoint has not, or has differently. */
export interface Deviation {
  /** Name of the item. */
  readonly item: string;
  readonly text: string;
}

/** Reads everything of the namespace in which the thread stands; synchronous. Throws kernel_error: then nothing is known. */
export function readFingerprint(view: View, { sysctls }: { sysctls: boolean }): Fingerprint {
  const items = sysctls ? [...ITEMS, SYSCTLS] : ITEMS;
  return new Map(items.map((item) => [item.name, readItem(item, view)]));
}

/**
 * What other protocols than rtnetlink announce, where to ask costs less than a listener would (each holds 3.3 KB of kernel
 * memory). nftables counts its changes. To change any of it takes CAP_NET_ADMIN.
 */
const UNANNOUNCED_ITEMS: readonly Item[] = [
  ...NETFILTER_ITEMS.filter(({ name }) => name === 'nftables generation'),
  ...XFRM_ITEMS,
];

/**
 * The first deviation of a sealed endpoint in what its seal does not hear: whether sockets are left and, unless its holder
 * surely had no CAP_NET_ADMIN, what that allows.
 */
export function findUnannounced(
  view: View,
  { pristine, unprivileged }: { pristine: Fingerprint; unprivileged: boolean },
): Deviation | null {
  for (const item of unprivileged ? [SOCKETS] : [SOCKETS, ...UNANNOUNCED_ITEMS]) {
    const deviation = deviationOf(item, pristine, readItem(item, view));
    if (deviation !== null) return deviation;
  }
  return null;
}

/** The first deviation of `found` from `pristine`, or null: they are equal. */
export function compareFingerprints(pristine: Fingerprint, found: Fingerprint): Deviation | null {
  for (const item of [...ITEMS, SYSCTLS]) {
    const objects = found.get(item.name);
    const deviation = objects === undefined ? null : deviationOf(item, pristine, objects);
    if (deviation !== null) return deviation;
  }
  return null;
}

function readItem(item: Item, view: View): readonly Buffer[] {
  try {
    return item.read(view).toSorted(Buffer.compare);
  } catch (error) {
    // A protocol that this kernel was built without: so it has nothing of it.
    if (errnoOf(error) === 'EPROTONOSUPPORT') return [];
    throw error;
  }
}

function deviationOf(item: Item, pristine: Fingerprint, found: readonly Buffer[]): Deviation | null {
  const expected = pristine.get(item.name);
  if (expected === undefined) return { item: item.name, text: 'was not read of a pristine endpoint' };
  const equal = expected.length === found.length && expected.every((object, at) => object.equals(found[at] as Buffer));
  return equal ? null : { item: item.name, text: item.describe(expected, found) };
}
