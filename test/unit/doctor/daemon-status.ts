import type { DaemonStatus, DaemonView } from '../../../src/doctor/daemon-view.js';
import type { Finding } from '../../../src/reconcile/findings.js';
import { POOL } from '../cli/fake.js';

export const STATUS: DaemonStatus = { version: '0.1.0', pid: 4711, uptimeSeconds: 60, pools: [POOL] };

/** A daemon that answers, with these findings. */
export function answering(status: Partial<DaemonStatus> = {}, findings: readonly Finding[] = []): DaemonView {
  const value = { findings, endpoints: 18, tookMs: 3 };
  return { answers: true, status: { ...STATUS, ...status }, reconciliation: { ok: true, value } };
}
