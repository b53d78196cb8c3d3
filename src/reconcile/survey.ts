import { hostLinkName } from '../endpoint/plan.js';
import type { Survey } from '../endpoint/thread/thread-protocol.js';
import type { Site } from '../endpoint/types.js';
import type { EndpointRecord } from '../pool/types.js';
import { isGraftInUse } from './grafts/graft-users.js';

/** What a survey saw of one endpoint. */
export interface Sighting {
  /** The namespace that the record names is mounted in the vault. */
  readonly mounted: boolean;
  /** The host's end of the veth pair exists. */
  readonly linked: boolean;
  /** It is in the host, where an earlier version left it. */
  readonly former: boolean;
  /** Ids of the processes in the namespace that the record names. */
  readonly inside: readonly number[];
  /** Whether a container uses the grafted interface; null for an endpoint that is not grafted. */
  readonly graftInUse: boolean | null;
}

/** A survey of kernel and processes, indexed by what records name: one survey serves thousands of records. */
export class SurveyIndex {
  readonly #site: Site;
  readonly #mounts: ReadonlyMap<string, number | undefined>;
  readonly #links: ReadonlyMap<string, string | null>;
  readonly #users: Survey['users'];

  constructor(
    site: Site,
    { found, users }: { found: Pick<Survey['found'], 'links' | 'namespaces'> } & Pick<Survey, 'users'>,
  ) {
    this.#site = site;
    this.#mounts = new Map(found.namespaces);
    this.#links = new Map(found.links.map(({ name, hub }) => [name, hub]));
    this.#users = users;
  }

  /** Whether a process is in the namespace mounted for an endpoint without a record. */
  isInUse({ id }: { readonly id: string }): boolean {
    const inode = this.#mounts.get(id);
    return inode !== undefined && (this.#users.get(inode)?.length ?? 0) > 0;
  }

  of(record: EndpointRecord): Sighting {
    const inode = record.facts?.netns.inode;
    const graft = record.lease?.graft;
    const hub = this.#links.get(hostLinkName(this.#site, record.seq));
    const linked = hub !== undefined;
    return {
      mounted: inode !== undefined && this.#mounts.get(record.id) === inode,
      linked,
      former: hub === null,
      inside: inode === undefined ? [] : (this.#users.get(inode) ?? []),
      graftInUse: graft === undefined ? null : isGraftInUse({ graft, linked, users: this.#users }),
    };
  }
}
