import { hostLinkName } from '../endpoint/plan.js';
import type { Survey } from '../endpoint/thread/thread-protocol.js';
import type { EndpointName, Site } from '../endpoint/types.js';
import type { EndpointRecord } from '../pool/types.js';
import { isGraftInUse } from './graft-users.js';
import type { LeaseVerdict } from './lease-watch.js';
import { strayNames } from './startup.js';

/** What is to be done about one endpoint while the daemon runs. */
export type Verdict =
  | { readonly act: 'keep' }
  /** It is leased for a container, which is inside now: that is recorded. */
  | { readonly act: 'remember' }
  | { readonly act: 'replace' | 'release'; readonly problem: string }
  /** Nobody but its holder can do anything about it. */
  | { readonly act: 'tell'; readonly problem: string; readonly advice: string };

/** What is there, indexed: one survey judges thousands of records. */
export class SurveyIndex {
  readonly #site: Site;
  readonly #mounts: ReadonlyMap<string, number | undefined>;
  readonly #links: ReadonlySet<string>;
  readonly #users: Survey['users'];

  constructor(site: Site, { found, users }: Pick<Survey, 'found' | 'users'>) {
    this.#site = site;
    this.#mounts = new Map(found.namespaces);
    this.#links = new Set(found.links.map(({ name }) => name));
    this.#users = users;
  }

  /** How one endpoint was found. `inside`: processes in the namespace that its record names. */
  of(record: EndpointRecord): Sighting {
    const inode = record.facts?.netns.inode;
    const graft = record.lease?.graft;
    const linked = this.#links.has(hostLinkName(this.#site, record.seq));
    return {
      mounted: inode !== undefined && this.#mounts.get(record.id) === inode,
      linked,
      inside: inode === undefined ? [] : (this.#users.get(inode) ?? []),
      graftInUse: graft === undefined ? null : isGraftInUse({ graft, linked, users: this.#users }),
    };
  }
}

export interface Sighting {
  readonly mounted: boolean;
  readonly linked: boolean;
  readonly inside: readonly number[];
  /** Null for an endpoint whose interface was not moved. */
  readonly graftInUse: boolean | null;
}

export const LEASE_ENDINGS = {
  gone: 'its container has gone',
  unused: 'its container never came',
} as const;
const RESTART = 'its container has no network any more: start it anew on another lease';

/**
 * What a running daemon makes of one endpoint; pure. The cases are a table of docs/reconcile.md. Endpoints on their way
 * in or out have somebody at work on them, and are kept.
 */
export function judge(
  record: EndpointRecord,
  seen: Sighting & { readonly lacking: string | null; readonly lease: LeaseVerdict },
): Verdict {
  if (record.state === 'ready') return judgeReady(seen);
  if (record.state === 'leased') return judgeLeased(seen);
  return { act: 'keep' };
}

function judgeReady({ mounted, linked, inside, lacking }: Sighting & { readonly lacking: string | null }): Verdict {
  if (!mounted) return { act: 'replace', problem: 'its namespace is not mounted any more' };
  if (!linked) return { act: 'replace', problem: 'its link at the host is gone' };
  if (inside.length > 0) return { act: 'replace', problem: `process ${inside[0]} is inside although nobody leased it` };
  return lacking === null ? { act: 'keep' } : { act: 'replace', problem: lacking };
}

function judgeLeased({ mounted, linked, inside, graftInUse, lease }: Sighting & { lease: LeaseVerdict }): Verdict {
  if (graftInUse !== null) {
    if (!graftInUse) return { act: 'release', problem: 'the grafted container is gone' };
    return linked ? { act: 'keep' } : { act: 'tell', problem: 'its link at the host is gone', advice: RESTART };
  }
  if (!mounted && inside.length === 0) return { act: 'release', problem: 'the leased namespace is gone' };
  if (lease === 'gone' || lease === 'unused') return { act: 'release', problem: LEASE_ENDINGS[lease] };
  if (!linked) return { act: 'tell', problem: 'its link at the host is gone', advice: RESTART };
  if (!mounted) {
    const advice = 'what runs inside goes on; nothing more can be started in it by its path';
    return { act: 'tell', problem: 'its namespace is not mounted any more', advice };
  }
  return lease === 'seen' ? { act: 'remember' } : { act: 'keep' };
}

/**
 * Kernel objects with the site's mark that belong to no endpoint, neither before they were looked at nor after; pure.
 * The number 0 is that of what is built only to be read.
 */
export function straysOf(
  site: Site,
  found: Survey['found'],
  known: { readonly ids: ReadonlySet<string>; readonly seqs: ReadonlySet<number> },
): EndpointName[] {
  return strayNames(site, found).filter(({ id, seq }) => seq !== 0 && !known.ids.has(id) && !known.seqs.has(seq));
}
