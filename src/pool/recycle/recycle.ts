import type { RecycleMode, Trust, UnknownSpec, VerifyWay } from '../types.js';

/** Why an endpoint is not used again: of what kind (few, for a metric), and in words. */
export interface Reason {
  readonly kind: string;
  readonly text: string;
}

/** What becomes of a released endpoint. */
export type Way =
  | { readonly way: VerifyWay }
  /** The paper's way: used again as it is. */
  | { readonly way: 'reuse' }
  | { readonly way: 'replace'; readonly reason: Reason };

/** What is known of a released endpoint and of the one who had it. */
export interface Past {
  readonly trust: Trust;
  /** Its interface was moved away. */
  readonly grafted: boolean;
  /** Whether it was sealed before its holder got it. */
  readonly sealed: boolean;
  /** Why it is to be replaced whatever it looks like. */
  readonly doomed?: Reason;
}

/**
 * Trust follows capability: who could do anything has had the endpoint to himself; who could do nothing that lasts is
 * believed if the seal says so too; of whom nothing is known, the pool's setting decides. Pure.
 */
export function wayOf(mode: RecycleMode, unknown: UnknownSpec, past: Past): Way {
  if (past.doomed !== undefined) return { way: 'replace', reason: past.doomed };
  if (past.grafted) return replace('grafted', 'its interface was moved into another namespace');
  if (mode === 'replace') return replace('policy', 'its pool replaces every endpoint');
  if (mode === 'reuse') return { way: 'reuse' };
  if (past.trust === 'privileged') return replace('privileged', 'its container was privileged');
  const believed = past.trust === 'unprivileged' ? 'seal' : unknown;
  if (believed === 'replace') return replace('unknown container', 'nothing is known of what its container could do');
  return { way: believed === 'seal' && past.sealed ? 'seal' : 'proof' };
}

function replace(kind: string, text: string): Way {
  return { way: 'replace', reason: { kind, text } };
}
