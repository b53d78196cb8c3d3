/**
 * What a pool needs from the rooms around it, declared here so that the pool is pure and tested without root: endpoints
 * (made by the kernel worker), processes, and records (files under the state directory, whose content is the state room's).
 */

import type { BoundProcess, EndpointFacts, EndpointKey, EndpointRecord, EndpointState } from '../state/record.js';

export * from '../state/record.js';

/** Tells when processes end; implemented on pidfds. */
export interface Processes {
  /** Holds on to the process that bears `pid` now until disposed; `ended` is aborted at its end. Throws `process_gone`. */
  hold(pid: number): { readonly process: BoundProcess; readonly ended: AbortSignal } & Disposable;
  /** Calls `listener` soon after the process has ended, also if that was before, unless the returned function was called. */
  watch(process: BoundProcess, listener: () => void): () => void;
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Makes and removes endpoints; implemented on the kernel worker. Never rejects for one endpoint: each outcome is settled. */
export interface Endpoints {
  /** Builds each complete, or undoes what it began and says which step failed. `urgent` work overtakes refill. */
  build(keys: readonly EndpointKey[], options: { urgent: boolean }): Promise<Settled<EndpointFacts>[]>;
  /** Removes all that bears these keys; what is gone already counts as done. */
  destroy(keys: readonly EndpointKey[]): Promise<Settled<void>[]>;
  /** Seals ready endpoints; false for those that could not be sealed. */
  seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]>;
  /** Looks whether endpoints that were released are as if nobody had had them. */
  verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]>;
  /** Ids of the processes that are inside each namespace. */
  users(netnsInodes: readonly number[]): Promise<number[][]>;
}

/** An endpoint with its namespace: another one may stand at the same path by now. */
export interface BuiltEndpoint {
  readonly name: EndpointKey;
  readonly netnsInode: number;
}

/** `seal`: nothing was announced since the endpoint was sealed. `proof`: everything was read and is as pristine. */
export type VerifyWay = 'seal' | 'proof';

/** An endpoint that was released, and how it is to be looked at. */
export interface VerifyRequest extends BuiltEndpoint {
  readonly way: VerifyWay;
  /** Whether it was sealed before its holder got it: a seal that came later has not heard of everything. */
  readonly sealed: boolean;
  /** By its spec, its holder could change nothing of the network: what takes CAP_NET_ADMIN need not be asked for. */
  readonly unprivileged: boolean;
}

export type Verdict =
  | { readonly clean: true; readonly way: VerifyWay; readonly sealed: boolean }
  /** What kind of trace was found (few, for a metric), and the trace in words. */
  | { readonly clean: false; readonly kind: string; readonly text: string };

/** An address that was freed, and since when it rests on the monotonic clock. */
export interface AddressCooldown {
  readonly index: number;
  readonly sinceMs: number;
}

/** Remembers over restarts which addresses rest. */
export interface AddressCooldowns {
  /** An address comes to rest; what cannot be recorded is the recorder's trouble and not the caller's. */
  add(pool: string, rest: AddressCooldown): void;
  /** What an earlier daemon recorded of a pool's addresses; some may have rested long enough. */
  of(pool: string): readonly AddressCooldown[];
}

/** Keeps records; every call returns when the change is in the file system (tmpfs). */
export interface Records {
  /** Writes the record into the folder of its state, atomically, and takes it out of the folder of `previous`. */
  write(record: EndpointRecord, previous: EndpointState | null): void;
  /** Forgets the record; the last act of an endpoint. */
  remove(key: EndpointKey, state: EndpointState): void;
}

/** The settings of a pool that the pool itself follows. */
export interface PoolSettings {
  readonly name: string;
  readonly minReady: number;
  readonly max: number;
  /** How many addresses the subnet has for endpoints; at least `max`. */
  readonly capacity: number;
  /** How many builds one request to the worker may hold: bounds how long a cold build waits behind a refill. */
  readonly buildBatch: number;
  /** How long an address that somebody has had rests before another endpoint gets it; 0: not at all. */
  readonly addressCooldownSeconds: number;
  readonly recycle: RecycleMode;
  /** How an endpoint is looked at whose holder's spec is not known. */
  readonly unknownSpec: UnknownSpec;
  /** Whether `minReady` is all that is kept ready, or the least, and demand says how many. */
  readonly sizing: 'demand' | 'fixed';
  /** With `demand`: how long a burst is remembered in full; an idle endpoint above the target is kept a tenth of it. */
  readonly idleSeconds: number;
}

/** What becomes of released endpoints: looked at and used again, replaced by new ones, or used again as they are. */
export const RECYCLE_MODES = ['verify', 'replace', 'reuse'] as const;
export type RecycleMode = (typeof RECYCLE_MODES)[number];
export const UNKNOWN_SPECS = ['proof', 'seal', 'replace'] as const;
export type UnknownSpec = (typeof UNKNOWN_SPECS)[number];

/** An endpoint that was not used again. */
export interface Replacement {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly text: string;
}

export interface PoolStatus {
  readonly name: string;
  readonly subnet: string;
  readonly minReady: number;
  readonly max: number;
  /** How many are to be ready now: from `minReady` to `max`. */
  readonly target: number;
  readonly ready: number;
  readonly leased: number;
  readonly dirty: number;
  readonly building: number;
  readonly broken: number;
  readonly destroying: number;
  /** Since the daemon started. */
  readonly acquiredWarm: number;
  readonly acquiredCold: number;
  readonly released: number;
  /** Endpoints ready again after a release, by the way that it was found out that they can be. */
  readonly recycledBySeal: number;
  readonly recycledByProof: number;
  readonly recycledUnseen: number;
  /** Endpoints replaced after a release, in all and by kind of reason. */
  readonly replaced: number;
  readonly replacedFor: Readonly<Record<string, number>>;
  /** The newest of them. */
  readonly replacements: readonly Replacement[];
  readonly buildFailures: number;
  /** The newest failure, in one line, or null. */
  readonly lastError: string | null;
  /** What keeps the pool from being filled or emptied as it should at the moment, in one line, or null. */
  readonly trouble: string | null;
}
