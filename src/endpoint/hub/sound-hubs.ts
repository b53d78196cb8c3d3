import type { Link } from '../../kernel/rtnetlink/link.js';
import type { Hub } from './hub.js';

/** What a look at a hub was about. */
export interface HubLook {
  /** See `HubView.version`. */
  readonly version: number;
  /** The uplink's end in the host. */
  readonly uplink: Pick<Link, 'index' | 'peerIndex'> | undefined;
  /** Ids of the endpoints whose links were compared. */
  readonly endpoints: readonly string[];
}

/** The hubs of a pool in which nothing was wrong when they were looked at last, and nothing has changed since. */
export class SoundHubs {
  readonly #looks = new Map<Hub, Omit<HubLook, 'endpoints'> & { readonly endpoints: ReadonlySet<string> }>();

  /** Whether a look would find what the last one found. */
  has(hub: Hub, { version, uplink, endpoints }: HubLook): boolean {
    const last = this.#looks.get(hub);
    if (last?.version !== version) return false;
    if (last.uplink?.index !== uplink?.index || last.uplink?.peerIndex !== uplink?.peerIndex) return false;
    return endpoints.every((id) => last.endpoints.has(id));
  }

  add(hub: Hub, look: HubLook): void {
    this.#looks.set(hub, { ...look, endpoints: new Set(look.endpoints) });
  }

  clear(): void {
    this.#looks.clear();
  }
}
