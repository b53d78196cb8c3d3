import type { Settled } from '../endpoint/types.js';
import { hasCode, NetnsdError } from '../errors.js';
import type { PoolStatus } from '../pool/types.js';
import type { Reconciliation } from '../reconcile/findings.js';

export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly pools: readonly PoolStatus[];
}

/** What doctor asks a daemon; rejects with NetnsdErrors. */
export interface DaemonClient {
  status(): Promise<DaemonStatus>;
  reconcile(request: { fix: boolean }): Promise<Reconciliation>;
}

/** What a daemon said, or why none did. */
export type DaemonView =
  | { readonly answers: true; readonly status: DaemonStatus; readonly reconciliation: Settled<Reconciliation> }
  /** `forbidden`: one may be there, and we may not ask it. */
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
