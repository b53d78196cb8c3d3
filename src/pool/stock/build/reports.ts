import type { NetnsdError } from '../../../errors.js';
import type { Endpoint } from '../../endpoint.js';
import type { RecycleReport } from '../../recycle/released.js';
import type { EndpointFacts } from '../../types.js';

export interface Built {
  readonly endpoint: Endpoint;
  readonly facts: EndpointFacts;
}

/** A build that failed. */
export interface BuildFailure {
  readonly error: NetnsdError;
  /** Null: not even its record could be written. */
  readonly endpoint: Endpoint | null;
  /** Whether parts of it may be left in the kernel: then its address is not free before these are destroyed. */
  readonly mayHaveLeftParts: boolean;
}

export interface BuildReport {
  readonly actor: 'builder';
  readonly built: readonly Built[];
  readonly failed: readonly BuildFailure[];
  /** The error for each failed build that a client waited for. */
  readonly clientErrors: readonly NetnsdError[];
}

export interface DestroyReport {
  readonly actor: 'destroyer';
  readonly destroyed: readonly { readonly endpoint: Endpoint; readonly reason: string | null }[];
  readonly broken: readonly { readonly endpoint: Endpoint; readonly error: NetnsdError }[];
}

/** A retry is due, or an address is free again: the stock is to plan again. */
export interface RetryReport {
  readonly actor: 'timer';
}

/** What the stock's actors report: one report for each request to the kernel thread that has ended. */
export type Report = BuildReport | RecycleReport | DestroyReport | RetryReport;
export type Reporter = (report: Report) => void;

export const RETRY: RetryReport = { actor: 'timer' };
