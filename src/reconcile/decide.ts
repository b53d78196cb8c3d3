import { isFormerPath } from '../kernel/netns/lease-paths.js';
import type { EndpointRecord } from '../pool/types.js';
import type { LeaseUse } from './running/lease-watch.js';
import type { Sighting } from './survey.js';

/** What is to be done about one endpoint. */
export type Decision =
  | { readonly act: 'keep' }
  /** The container of the lease is inside for the first time: the record is to say so. */
  | { readonly act: 'remember' }
  /** Destroy the endpoint and build another one. */
  | { readonly act: 'replace'; readonly problem: string }
  /** End the lease, then replace its endpoint. */
  | { readonly act: 'release'; readonly problem: string }
  /** Nothing that netnsd may repair: log it, with what a person can do. */
  | { readonly act: 'report'; readonly problem: string; readonly advice: string }
  /** Keep the lease of a pool that is no longer configured: the pool is opened once more, for what stands. */
  | { readonly act: 'orphan' }
  /** Remove an endpoint of a pool that is no longer configured. */
  | { readonly act: 'destroy' };

/** What the records do not tell about an endpoint: kernel, processes, configuration. */
export interface Observation extends Sighting {
  /** `changed`: the pool has another subnet or MTU than the endpoint was built with. */
  readonly pool: 'unchanged' | 'changed' | 'removed';
  /** The daemon runs, so each endpoint that is neither ready nor leased has a task working on it. */
  readonly attended: boolean;
  /** What is gone or changed inside a ready endpoint; null if nothing is, or it was not read. */
  readonly lacking: string | null;
  readonly use: LeaseUse;
}

/** What a running daemon knows without asking the kernel. */
export const RUNNING = { pool: 'unchanged', attended: true, lacking: null, use: 'unchanged' } as const;

const KEEP = { act: 'keep' } as const;
const UNMOUNTED = 'its namespace is not mounted any more';
const UNLINKED = 'its link in the hub is gone';
const RESTART = 'its container has no network any more: restart it with a new lease';
const PATH_LOST = 'processes inside keep their network; nothing more can be started in it by its path';

/**
 * Decides about one endpoint from its record, the kernel and the processes, at the start of a daemon and while it runs.
 * Pure. docs/reconcile.md has its cases as a table.
 */
export function decide(record: EndpointRecord, seen: Observation): Decision {
  if (record.state === 'leased') return decideLeased(seen);
  // What is in use is kept until it is empty, whatever the configuration says.
  if (seen.pool === 'removed' && seen.inside.length === 0) return { act: 'destroy' };
  if (record.state === 'ready') return decideReady(record, seen);
  if (seen.attended) return KEEP;
  return { act: 'replace', problem: record.reason ?? `it was ${record.state} when the daemon ended` };
}

function decideReady({ facts }: EndpointRecord, seen: Observation): Decision {
  const { mounted, linked, former, inside, pool, lacking } = seen;
  if (!mounted) return { act: 'replace', problem: UNMOUNTED };
  if (former || isFormerPath(facts?.netns.path ?? ''))
    return { act: 'replace', problem: 'it was built by an earlier version' };
  if (!linked) return { act: 'replace', problem: UNLINKED };
  if (inside.length > 0) return { act: 'replace', problem: `process ${inside[0]} is inside although it is not leased` };
  if (pool === 'changed') return { act: 'replace', problem: "its pool's configuration has changed" };
  return lacking === null ? KEEP : { act: 'replace', problem: lacking };
}

function decideLeased(seen: Observation): Decision {
  const { mounted, linked, graftInUse, pool, use } = seen;
  const over = whyOver(seen);
  if (over !== null) return pool === 'removed' ? { act: 'destroy' } : { act: 'release', problem: over };
  if (pool === 'removed') return { act: 'orphan' };
  if (!linked) return { act: 'report', problem: UNLINKED, advice: RESTART };
  if (graftInUse !== null) return KEEP;
  if (!mounted) return { act: 'report', problem: UNMOUNTED, advice: PATH_LOST };
  return use === 'first seen' ? { act: 'remember' } : KEEP;
}

/** Why a lease has nothing left to serve; null while it may have. */
function whyOver({ mounted, inside, graftInUse, use }: Observation): string | null {
  if (use === 'detached') return inside.length === 0 ? "its container's network namespace is gone" : null;
  if (graftInUse !== null) return graftInUse ? null : 'the grafted container is gone';
  if (!mounted && inside.length === 0) return 'the leased namespace is gone';
  if (use === 'gone') return 'its container has gone';
  return use === 'never came' ? 'its container never came' : null;
}
