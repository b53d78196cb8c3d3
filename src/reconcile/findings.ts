import type { NetworkFinding } from '../endpoint/network/network-repair.js';
import type { EndpointName, Settled } from '../endpoint/types.js';
import type { EndpointRecord } from '../pool/types.js';
import type { Verdict } from './running.js';

/** Something that is not as it should be, and what became of it. */
export interface Finding {
  readonly pool: string | null;
  /** The bridge, link or endpoint that it is about. */
  readonly object: string;
  readonly endpoint: string | null;
  readonly lease: string | null;
  /** To follow the object: `its link at the host is gone`. */
  readonly problem: string;
  /** What is done about such a thing; `none`: that is for a person, see `advice`. */
  readonly action: 'replaced' | 'released' | 'mended' | 'removed' | 'none';
  /** `found`: nothing was done. `failed`: it is still so, see `advice`. */
  readonly outcome: 'found' | 'done' | 'failed';
  readonly advice: string | null;
}

export interface Reconciliation {
  readonly findings: readonly Finding[];
  /** How many endpoints there were. */
  readonly endpoints: number;
  readonly tookMs: number;
}

export function ofNetwork({ pool, link, endpoint, problem, outcome, error }: NetworkFinding): Finding {
  const done = outcome === 'repaired' ? 'done' : outcome;
  return { pool, object: link, endpoint, lease: null, problem, action: 'mended', outcome: done, advice: error };
}

export function ofVerdict(
  { id, pool, lease }: EndpointRecord,
  verdict: Exclude<Verdict, { act: 'keep' | 'remember' }>,
  outcome: 'found' | 'done',
): Finding {
  const action = { replace: 'replaced', release: 'released', tell: 'none' } as const;
  return {
    pool,
    object: id,
    endpoint: id,
    lease: lease?.id ?? null,
    problem: verdict.problem,
    action: action[verdict.act],
    outcome,
    advice: verdict.act === 'tell' ? verdict.advice : null,
  };
}

/** `outcome`: what removing it came to; undefined where it was not to be removed. */
export function ofStray({ id }: EndpointName, outcome: Settled<void> | undefined): Finding {
  return {
    pool: null,
    object: id,
    endpoint: null,
    lease: null,
    problem: "bears the daemon's mark and belongs to no endpoint",
    action: 'removed',
    outcome: outcome === undefined ? 'found' : outcome.ok ? 'done' : 'failed',
    advice: outcome?.ok === false ? outcome.error.message : null,
  };
}
