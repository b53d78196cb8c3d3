import type { Outcome, Request } from '../netlink/request.js';

/** What may be done to a system call or a netlink request. */
export type Fault =
  | { readonly act: 'kill before' | 'kill after' | 'end thread' }
  | { readonly act: 'fail'; readonly errno: string }
  /** Done, and then reported as failed with this errno: an answer that was lost. */
  | { readonly act: 'lose'; readonly errno: string }
  | { readonly act: 'delay'; readonly delayMs: number };

/** Which pass of which point is hit: the `nth` one of the thread since the plan was laid, from 1; 0 is every one. */
export interface PlannedFault {
  readonly thread: 'main' | 'kernel';
  readonly point: string;
  readonly nth: number;
  readonly fault: Fault;
}

/** The file `plan.json` in the folder that NETNSD_FAULTS names; may be replaced by rename at any time. */
export interface Plan {
  /** Files under these paths are watched, besides those of /proc; the first is written `~` in names of points. */
  readonly paths: readonly string[];
  readonly hit: PlannedFault | null;
}

export interface Faults {
  /** Replaces each system call of the table by one that is a point. Failure is a negative result and errno. */
  wrapCalls(calls: Record<string, unknown>): void;
  /** A call that is made elsewhere, in one of these ways that it may fail. Throws an error that has `errno` and `code`. */
  pass(point: string, errnos: readonly string[]): void;
  /** Sends requests, each of which is a point. */
  transact(requests: readonly Request[], send: Send): Outcome[];
}

export type Send = (requests: readonly Request[]) => Outcome[];
