import type { EndpointRecord } from './types.js';

/**
 * What becomes of a dirty endpoint. `replace` is the only way there is: destroyed, and another one built at an address
 * that has rested. A way back to ready (dirty, verified, ready) joins here as another member of this union; the state
 * machine has its place.
 */
export type Verdict = { readonly way: 'replace'; readonly reason: string };

/** Judges a dirty endpoint; `record.reason` says how it became dirty. Synchronous: it runs behind every release. */
export type RecyclePolicy = (record: EndpointRecord) => Verdict;

/** Trusts no endpoint that a container has seen. */
export const replaceAlways: RecyclePolicy = (record) => ({ way: 'replace', reason: record.reason ?? 'released' });
