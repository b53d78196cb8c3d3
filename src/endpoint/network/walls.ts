import { formatIpv6 } from '../../address/ipv6.js';
import { NetnsdError } from '../../errors.js';
import type { PortWalls } from '../../kernel/rtnetlink/link.js';
import type { Hub } from '../hub/hub.js';
import { hubRules, type Ipv6Rules } from '../hub/hub-rules.js';
import type { Subnet } from '../plan.js';
import type { NetworkSettings } from '../types.js';

/** What the endpoints of a pool may send, and to whom: settings of ports, and rules in hubs. */
export class Walls {
  readonly #settings: Pick<NetworkSettings, 'name' | 'antiSpoof' | 'isolation'>;
  readonly #gateway: () => { readonly mac: readonly number[]; readonly subnets: readonly Subnet[] };
  /** Hubs that have the rules of these settings, and for which IPv6: before a reload they may have had others. */
  readonly #raised = new WeakMap<Hub, string>();

  constructor(
    settings: Pick<NetworkSettings, 'name' | 'antiSpoof' | 'isolation'>,
    gateway: () => { readonly mac: readonly number[]; readonly subnets: readonly Subnet[] },
  ) {
    this.#settings = settings;
    this.#gateway = gateway;
  }

  /** Null: no endpoint has IPv6. */
  get #ipv6(): Ipv6Rules | null {
    const { mac, subnets } = this.#gateway();
    const prefixes = subnets.flatMap(({ ipv6 }) => (ipv6 === null ? [] : [`${formatIpv6(ipv6.network)}/96`]));
    return prefixes.length === 0 ? null : { gatewayMac: mac, prefixes: [...new Set(prefixes)] };
  }

  /** Of the ports of endpoints, and of the root hub's ports to other hubs. */
  get ports(): { readonly endpoint: PortWalls; readonly hub: PortWalls } {
    const { antiSpoof: locked, isolation } = this.#settings;
    const isolated = isolation === undefined ? undefined : isolation === 'full';
    return { endpoint: { locked, isolated }, hub: { isolated } };
  }

  /** Whether the rules in a hub are as they were made. Throws kernel_error. */
  stand(hub: Hub): boolean {
    const ipv6 = this.#ipv6;
    if (this.#settings.antiSpoof === undefined && ipv6 === null) return true;
    return this.#raised.get(hub) === JSON.stringify(ipv6) && hub.walls.areIntact;
  }

  /** Gives hubs their rules, unless they have them; there are no endpoints in `root`. Throws missing_tool and kernel_error. */
  raise(hubs: readonly Hub[], root: Hub | null): void {
    const { antiSpoof = false } = this.#settings;
    const ipv6 = this.#ipv6;
    for (const hub of hubs)
      if (!this.stand(hub)) this.#make(hub, hubRules({ antiSpoof: antiSpoof && hub !== root, ipv6 }), ipv6);
  }

  #make(hub: Hub, script: string | null, ipv6: Ipv6Rules | null): void {
    try {
      hub.walls.make(script);
      this.#raised.set(hub, JSON.stringify(ipv6));
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      const advice = `pool ${this.#settings.name} has anti_spoof or subnet6: mend that, or set anti_spoof = false and no subnet6`;
      throw new NetnsdError(error.code, `${error.message}; ${advice}`, { cause: error, details: error.details });
    }
  }
}
