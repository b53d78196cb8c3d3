import type { Hub } from '../../hub/hub.js';
import type { Member } from '../../hub/hub-rules.js';
import type { EndpointName } from '../../types.js';
import type { Network } from '../network.js';

/** An endpoint of a tenant, and the hub that it is in. */
export interface Placed {
  readonly id: string;
  readonly mac: readonly number[];
  readonly tenant: string;
  readonly hub: Hub;
}

/** Those of these endpoints that are in a hub of the network. */
export function placedIn(
  network: Pick<Network, 'settings' | 'planOf' | 'portOf'>,
  endpoints: readonly { readonly name: EndpointName; readonly tenant: string }[],
): Placed[] {
  return endpoints.flatMap(({ name, tenant }) => {
    const hub = name.pool === network.settings.name ? network.portOf(name.id)?.hub : undefined;
    return hub === undefined ? [] : [{ id: name.id, mac: network.planOf(name).containerMac, tenant, hub }];
  });
}

/** What is to be changed in a hub. */
export interface MemberChange {
  readonly added: Member[];
  readonly removed: Member[];
}

/** Which endpoints of a pool are of which tenant. Rules know tenants by numbers, which mean nothing beyond a daemon's life. */
export class TenantMembers {
  readonly #members = new Map<string, Placed>();
  readonly #numbers = new Map<string, number>();
  #last = 0;

  /** What changes with these, by hub; one that was of another tenant is so no more. */
  add(endpoints: readonly Placed[]): Map<Hub, MemberChange> {
    const changes = new Map<Hub, MemberChange>();
    for (const endpoint of endpoints) {
      const before = this.#members.get(endpoint.id);
      if (before?.tenant === endpoint.tenant) continue;
      if (before !== undefined) changeIn(changes, before.hub).removed.push(this.#memberOf(before));
      this.#members.set(endpoint.id, endpoint);
      changeIn(changes, endpoint.hub).added.push(this.#memberOf(endpoint));
    }
    return changes;
  }

  /** What changes without these, by hub. */
  remove(endpoints: readonly Pick<Placed, 'id'>[]): Map<Hub, MemberChange> {
    const changes = new Map<Hub, MemberChange>();
    for (const { id } of endpoints) {
      const member = this.#members.get(id);
      if (member !== undefined) changeIn(changes, member.hub).removed.push(this.#memberOf(member));
      this.#members.delete(id);
    }
    this.#forgetNumbers();
    return changes;
  }

  /** Those of these that are known. */
  of(ids: readonly string[]): Placed[] {
    return ids.flatMap((id) => this.#members.get(id) ?? []);
  }

  /** Those in a hub; null: in any. */
  in(hub: Hub | null): Member[] {
    const own = [...this.#members.values()].filter((one) => hub === null || one.hub === hub);
    return own.map((one) => this.#memberOf(one));
  }

  /** Of tenants without endpoints, now and then. */
  #forgetNumbers(): void {
    if (this.#numbers.size <= 2 * this.#members.size) return;
    const tenants = new Set(Array.from(this.#members.values(), ({ tenant }) => tenant));
    for (const tenant of this.#numbers.keys()) if (!tenants.has(tenant)) this.#numbers.delete(tenant);
  }

  #memberOf({ mac, tenant }: Placed): Member {
    let number = this.#numbers.get(tenant);
    if (number === undefined) {
      this.#last += 1;
      number = this.#last;
      this.#numbers.set(tenant, number);
    }
    return { mac, tenant: number };
  }
}

function changeIn(changes: Map<Hub, MemberChange>, hub: Hub): MemberChange {
  const known = changes.get(hub);
  if (known !== undefined) return known;
  const change = { added: [], removed: [] };
  changes.set(hub, change);
  return change;
}
