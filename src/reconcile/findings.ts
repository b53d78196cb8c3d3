import type { NetworkFinding } from '../endpoint/network/network-repair.js';
import type { EndpointName, Settled } from '../endpoint/types.js';
import type { EndpointRecord } from '../pool/types.js';
import type { Decision } from './decide.js';

/** A difference that was found, and what became of it. */
export interface Finding {
  readonly pool: string | null;
  /** The bridge, link or endpoint that it is about. */
  readonly object: string;
  readonly endpoint: string | null;
  readonly lease: string | null;
  /** To follow the object: `its link in the hub is gone`. */
  readonly problem: string;
  /** What repairs it; `none`: only a person can, see `advice`. */
  readonly action: 'replaced' | 'released' | 'repaired' | 'removed' | 'none';
  /** `found`: nothing was done. `failed`: the repair failed, see `advice`. */
  readonly outcome: 'found' | 'done' | 'failed';
  readonly advice: string | null;
}

/** What one reconcile came to. */
export interface Reconciliation {
  readonly findings: readonly Finding[];
  /** How many endpoints there were. */
  readonly endpoints: number;
  readonly tookMs: number;
}

/** Decisions that are told. */
export type ToldDecision = Extract<Decision, { problem: string }>;

export function ofNetwork({ pool, link, endpoint, problem, outcome, error }: NetworkFinding): Finding {
  const done = outcome === 'repaired' ? 'done' : outcome;
  return { pool, object: link, endpoint, lease: null, problem, action: 'repaired', outcome: done, advice: error };
}

const ACTIONS = { replace: 'replaced', release: 'released', report: 'none' } as const;

export function ofDecision(
  { id, pool, lease }: EndpointRecord,
  decision: ToldDecision,
  outcome: 'found' | 'done',
): Finding {
  return {
    pool,
    object: id,
    endpoint: id,
    lease: lease?.id ?? null,
    problem: decision.problem,
    action: ACTIONS[decision.act],
    outcome,
    advice: decision.act === 'report' ? decision.advice : null,
  };
}

/** `outcome`: what removing it came to; undefined where it was only looked for. */
export function ofStray({ id }: EndpointName, outcome: Settled<void> | undefined): Finding {
  return {
    pool: null,
    object: id,
    endpoint: null,
    lease: null,
    problem: "bears the daemon's instance id and belongs to no endpoint",
    action: 'removed',
    outcome: outcome === undefined ? 'found' : outcome.ok ? 'done' : 'failed',
    advice: outcome?.ok === false ? outcome.error.message : null,
  };
}

/** One with a process inside is left alone. */
export function ofStrayInUse(name: EndpointName): Finding {
  const problem = 'is in use and belongs to no endpoint';
  const advice = 'restart the daemon, which makes a lease of it; or end the processes inside';
  return { ...ofStray(name, undefined), problem, action: 'none', advice };
}
