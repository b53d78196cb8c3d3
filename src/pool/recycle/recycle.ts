import type { VerifyWay } from '../ports/index.js';
import type { RecycleMode, UnknownSpec } from '../settings.js';
import type { Trust } from '../types.js';

/** Why an endpoint is replaced: the kind (one of few, for a metric), and a description. */
export interface Reason {
  readonly kind: string;
  readonly text: string;
}

/** What happens to a released endpoint. */
export type Way =
  | { readonly way: VerifyWay }
  /** As in the paper: reused without a check. */
  | { readonly way: 'reuse' }
  | { readonly way: 'replace'; readonly reason: Reason };

/** How a released endpoint was used. */
export interface Usage {
  readonly trust: Trust;
  /** Its interface was moved into another namespace. */
  readonly grafted: boolean;
  /** Whether it was sealed before it was leased. */
  readonly sealed: boolean;
  /** Why it is to be replaced without a check. */
  readonly mustReplace?: Reason;
}

/**
 * Decides by what the container was able to do. A privileged one could change anything, so its endpoint is replaced. One that
 * could change nothing is verified by seal. Where that is not known, the pool's setting decides. Pure.
 */
export function wayOf(mode: RecycleMode, unknown: UnknownSpec, usage: Usage): Way {
  if (usage.mustReplace !== undefined) return { way: 'replace', reason: usage.mustReplace };
  if (usage.grafted) return replace('grafted', 'its interface was moved into another namespace');
  if (mode === 'replace') return replace('policy', 'its pool replaces every endpoint');
  if (mode === 'reuse') return { way: 'reuse' };
  if (usage.trust === 'privileged') return replace('privileged', 'its container was privileged');
  const way = usage.trust === 'unprivileged' ? 'seal' : unknown;
  if (way === 'replace') return replace('unknown container', "its container's spec is not known");
  return { way: way === 'seal' && usage.sealed ? 'seal' : 'proof' };
}

function replace(kind: string, text: string): Way {
  return { way: 'replace', reason: { kind, text } };
}
