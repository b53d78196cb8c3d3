/**
 * What the pool needs from other rooms, declared here so that it is pure and can be tested without root. The clock, the log
 * and the shelf have files of their own.
 */

import type { BoundProcess, EndpointFacts, EndpointKey, EndpointRecord, EndpointState } from '../../state/record.js';

export type { Clock } from './clock.js';
export type { PoolLog } from './log.js';
export type { Shelf } from './shelf.js';

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Makes and removes endpoints; implemented on the kernel thread. Never rejects for one endpoint: each outcome is settled. */
export interface Endpoints {
  /** Builds each one completely, or undoes what was done and says which step failed. `urgent` work goes before a refill. */
  build(keys: readonly EndpointKey[], options: { urgent: boolean }): Promise<Settled<EndpointFacts>[]>;
  /**
   * The place in a pool of an address or a MAC that a client asks for. Throws `bad_request`, with what the pool has instead.
   */
  placeOf(pool: string, wanted: { readonly address?: string | undefined; readonly mac?: string | undefined }): Place;
  /** Removes everything that has these keys; what is absent counts as removed. */
  destroy(keys: readonly EndpointKey[]): Promise<Settled<void>[]>;
  /** Lets endpoints reach those of their tenant, in a pool that isolates tenants; those that do already stay so. Rejects where that fails. */
  admit(endpoints: readonly { readonly name: EndpointKey; readonly tenant: string }[]): Promise<void>;
  /** Seals ready endpoints; false for those that could not be sealed. */
  seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]>;
  /** Checks that released endpoints are pristine. */
  verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]>;
  /**
   * Gives an endpoint that becomes ready again a path that no lease had before, and retracts the one that it had. Throws where
   * that cannot be done.
   */
  renewPath(key: EndpointKey): string;
  /** The lease of an endpoint has ended: its path leads nowhere any more. */
  retractPath(key: EndpointKey): void;
  /** Whether the namespace of a ready endpoint is where it was mounted: others may have unmounted it. */
  isMounted(endpoint: BuiltEndpoint): boolean;
  /** Ids of the processes inside each namespace. */
  users(netnsInodes: readonly number[]): Promise<number[][]>;
}

/** Which endpoint a client wants. */
export interface Place {
  /** Which address of the subnet; null: any. */
  readonly index: number | null;
  /** That address, of IPv4; null: any. */
  readonly address: string | null;
  /** A MAC that does not follow from the address, in lower case; null: the one that does. */
  readonly mac: string | null;
}

/** An endpoint and its namespace: another one may be at the same path by now. */
export interface BuiltEndpoint {
  readonly name: EndpointKey;
  readonly netnsInode: number;
}

/** `seal`: the seal reports no change since it was set. `proof`: everything observable was read and is pristine. */
export type VerifyWay = 'seal' | 'proof';

/** A released endpoint, and how it is to be verified. */
export interface VerifyRequest extends BuiltEndpoint {
  readonly way: VerifyWay;
  /** Whether it was sealed before it was leased: a later seal has missed changes. */
  readonly sealed: boolean;
  /** By its spec, its container could not change the network: what takes CAP_NET_ADMIN need not be checked. */
  readonly unprivileged: boolean;
}

export type Verdict =
  | { readonly clean: true; readonly way: VerifyWay; readonly sealed: boolean }
  /** The kind of the deviation (one of few, for a metric), and a description. */
  | { readonly clean: false; readonly kind: string; readonly text: string };

/** Reports the end of processes; implemented on pidfds. */
export interface Processes {
  /** Holds the process that has `pid` now until disposed; `ended` is aborted when it ends. Throws `process_gone`. */
  hold(pid: number): { readonly process: BoundProcess; readonly ended: AbortSignal } & Disposable;
  /** Calls `listener` soon after the process has ended, also if it had ended before, unless the returned function was called. */
  watch(process: BoundProcess, listener: () => void): () => void;
}

/** Keeps records; every call returns when the change is in the file system (tmpfs). */
export interface Records {
  /** Writes the record into the folder of its state, atomically, and removes it from the folder of `previous`. */
  write(record: EndpointRecord, previous: EndpointState | null): void;
  /** Removes the record; the last act of an endpoint. */
  remove(key: EndpointKey, state: EndpointState): void;
}

/** An address that was freed, and when, on the monotonic clock: the start of its cooldown. */
export interface AddressCooldown {
  readonly index: number;
  readonly sinceMs: number;
}

/** Remembers across restarts which addresses are in cooldown. */
export interface AddressCooldowns {
  /** The cooldown of an address starts. Does not throw: the recorder reports its own failures. */
  add(pool: string, cooldown: AddressCooldown): void;
  /** What an earlier daemon recorded of a pool's addresses; some cooldowns may have ended. */
  of(pool: string): readonly AddressCooldown[];
}
