import type { Settled } from '../endpoint/types.js';
import { hasCode, NetnsdError } from '../errors.js';
import type { PoolStatus } from '../pool/types.js';
import type { Reconciliation } from '../reconcile/findings.js';

export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** What the daemon does without on this host; absent: a daemon of an earlier version. */
  readonly warnings?: readonly string[];
  readonly pools: readonly PoolStatus[];
}

/** The calls that doctor makes to a daemon; they reject with NetnsdErrors. */
export interface DaemonClient {
  status(): Promise<DaemonStatus>;
  reconcile(request: { fix: boolean }): Promise<Reconciliation>;
}

/** What a daemon answered, or why there is no answer. */
export type DaemonView =
  | { readonly answers: true; readonly status: DaemonStatus; readonly reconciliation: Settled<Reconciliation> }
  /** `forbidden`: a daemon may be running, and the caller may not connect to it. */
  | { readonly answers: false; readonly forbidden: boolean; readonly why: string };

export async function askDaemon(client: DaemonClient, { fix }: { fix: boolean }): Promise<DaemonView> {
  let status: DaemonStatus;
  try {
    status = await client.status();
  } catch (error) {
    if (!(error instanceof NetnsdError)) throw error;
    const forbidden = hasCode(error, 'daemon_unreachable') && error.details.errno === 'EACCES';
    return { answers: false, forbidden, why: error.message };
  }
  try {
    return { answers: true, status, reconciliation: { ok: true, value: await client.reconcile({ fix }) } };
  } catch (error) {
    if (!(error instanceof NetnsdError)) throw error;
    return { answers: true, status, reconciliation: { ok: false, error } };
  }
}
