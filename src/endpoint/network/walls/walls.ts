import { formatIpv6 } from '../../../address/ipv6.js';
import { NetnsdError } from '../../../errors.js';
import type { PortWalls } from '../../../kernel/rtnetlink/link.js';
import type { Hub } from '../../hub/hub.js';
import { hubRules, type Ipv6Rules } from '../../hub/hub-rules.js';
import type { Subnet } from '../../plan.js';
import type { NetworkSettings } from '../../types.js';
import { type Placed, TenantMembers } from './tenant-members.js';

type Changes = ReturnType<TenantMembers['add']>;
type Settings = Pick<NetworkSettings, 'name' | 'antiSpoof' | 'isolation' | 'flood'>;

interface Gateway {
  readonly mac: readonly number[];
  readonly subnets: readonly Subnet[];
}

/** What the endpoints of a pool may send, and to whom: settings of ports, and rules in hubs. */
export class Walls {
  readonly #settings: Settings;
  readonly #gateway: () => Gateway;
  /** Hubs that have the rules of these settings, and for which IPv6: before a reload they may have had others. */
  readonly #raised = new WeakMap<Hub, string>();
  readonly #members = new TenantMembers();
  /** Whether it is known which endpoints are of which tenant. */
  #areMembersKnown: boolean;
  readonly #hubs = new Set<Hub>();
  #root: Hub | null = null;

  constructor(settings: Settings, gateway: () => Gateway) {
    this.#settings = settings;
    this.#gateway = gateway;
    this.#areMembersKnown = settings.isolation !== 'tenant';
  }

  /** Null: no endpoint has IPv6. */
  get #ipv6(): Ipv6Rules | null {
    const { mac, subnets } = this.#gateway();
    const prefixes = subnets.flatMap(({ ipv6 }) => (ipv6 === null ? [] : [`${formatIpv6(ipv6.network)}/96`]));
    return prefixes.length === 0 ? null : { gatewayMac: mac, prefixes: [...new Set(prefixes)] };
  }

  /** Of the ports of endpoints, and of the root hub's ports to other hubs. */
  get ports(): { readonly endpoint: PortWalls; readonly hub: PortWalls } {
    const { antiSpoof: locked, isolation, flood } = this.#settings;
    const isolated = isolation === undefined ? undefined : isolation === 'full';
    return { endpoint: { locked, isolated, flood }, hub: { isolated, flood } };
  }

  /** Whether the rules in a hub are as they were made. Throws kernel_error. */
  stand(hub: Hub): boolean {
    if (this.#settings.antiSpoof === undefined) return true;
    return this.#raised.get(hub) === JSON.stringify(this.#ipv6) && hub.walls.areIntact;
  }

  /**
   * Gives hubs their rules, unless they have them; there are no endpoints in `root`. Those of tenants wait for `adopt`: until then what an
   * earlier daemon made goes on. Throws missing_tool and kernel_error.
   */
  raise(hubs: readonly Hub[], root: Hub | null): void {
    this.#root = root;
    for (const hub of hubs) this.#hubs.add(hub);
    if (!this.#areMembersKnown) return;
    for (const hub of hubs) if (!this.stand(hub)) this.#makeOrKeep(hub);
  }

  /** Gives hubs whose rules others changed their own again; the names of these hubs. Throws as `raise`. */
  restore(): string[] {
    if (!this.#areMembersKnown) return [];
    const changed = [...this.#hubs].filter((hub) => !this.stand(hub));
    this.raise(changed, this.#root);
    return changed.map(({ name }) => name);
  }

  /** Endpoints of an earlier daemon are known, and of these the tenants. Throws as `raise`. */
  adopt(endpoints: readonly Placed[]): void {
    if (!this.#areMembersKnown) this.#members.add(endpoints);
    this.#areMembersKnown = true;
    this.raise([...this.#hubs], this.#root);
  }

  /** Lets endpoints reach those of their tenant, and be reached by them; one that was of another tenant leaves that. Throws as `raise`. */
  admit(endpoints: readonly Placed[]): void {
    if (this.#settings.isolation !== 'tenant') return;
    this.#carryOut(this.#members.add(endpoints), () => this.#members.remove(endpoints));
  }

  /** Endpoints are gone. Throws as `raise`: then it is to be said again. */
  dismiss(ids: readonly string[]): void {
    const gone = this.#members.of(ids);
    this.#carryOut(this.#members.remove(gone), () => this.#members.add(gone));
  }

  /** Hubs whose rules are not as they were made get all of them anew. */
  #carryOut(changes: Changes, undo: () => void): void {
    try {
      for (const [hub, change] of this.#withRoot(changes)) if (!hub.walls.change(change)) this.#make(hub);
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** A restart does not fail for that: the rules of the daemon before go on, and the reconcile tries again. */
  #makeOrKeep(hub: Hub): void {
    try {
      this.#make(hub);
    } catch (error) {
      if (hub.walls.areOurs || !hub.walls.haveRules) throw error;
    }
  }

  #make(hub: Hub): void {
    const { antiSpoof = false, isolation, name } = this.#settings;
    const isRoot = hub === this.#root;
    const members = isolation === 'tenant' ? this.#members.in(isRoot ? null : hub) : null;
    const ipv6 = this.#ipv6;
    try {
      hub.walls.make(hubRules({ antiSpoof: antiSpoof && !isRoot, ipv6, members }));
      this.#raised.set(hub, JSON.stringify(ipv6));
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      const advice = `pool ${name} has anti_spoof or subnet6: mend that, or set anti_spoof = false and no subnet6`;
      throw new NetnsdError(error.code, `${error.message}; ${advice}`, { cause: error, details: error.details });
    }
  }

  /** The root hub, which all frames between hubs pass, knows all endpoints. */
  #withRoot(changes: Changes): Changes {
    if (this.#root === null || changes.size === 0) return changes;
    const all = [...changes.values()];
    const ofRoot = { added: all.flatMap(({ added }) => added), removed: all.flatMap(({ removed }) => removed) };
    return new Map([...changes, [this.#root, ofRoot]]);
  }
}
