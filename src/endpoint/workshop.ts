import { NetnsdError } from '../errors.js';
import { type BuildTarget, buildEndpoints } from './build.js';
import { deleteLinks, destroyEndpoints } from './destroy.js';
import { graftEndpoint } from './graft.js';
import { Host } from './host.js';
import { takeInventory } from './inventory.js';
import { Network } from './network.js';
import { refuseOverlap } from './overlap.js';
import { factsOf, hostLinkName, planEndpoint } from './plan.js';
import type { Found, ThreadSettings } from './thread-protocol.js';
import type { EndpointFacts, EndpointName, Settled } from './types.js';

/** All that the kernel thread owns: the host's socket and the networks of the pools. */
export class Workshop {
  readonly #settings: ThreadSettings;
  readonly #host: Host;
  readonly #networks: ReadonlyMap<string, Network>;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
    this.#host = Host.open(settings.hostNetnsPath);
    const { site, networks } = settings;
    this.#networks = new Map(
      networks.map((network) => [network.name, new Network({ host: this.#host, site, settings: network })]),
    );
  }

  async open(): Promise<void> {
    const { site, networks } = this.#settings;
    await refuseOverlap({ host: this.#host, site, pools: networks });
    for (const network of this.#networks.values()) await network.open();
  }

  async inventory(): Promise<Found> {
    const { links, bridges, namespaces } = await takeInventory(this.#host, this.#settings.site);
    return { links: [...links.values()], bridges, namespaces: [...namespaces] };
  }

  async build(names: readonly EndpointName[]): Promise<Settled<EndpointFacts>[]> {
    const { site } = this.#settings;
    const targets: BuildTarget[] = [];
    for (const name of names) {
      const network = this.#network(name);
      targets.push({ plan: planEndpoint(site, network.settings, name), port: await network.join(name.id) });
    }
    const outcomes = await buildEndpoints({ host: this.#host, site, targets });
    await this.#part(names.filter((_, position) => !outcomes[position]?.ok));
    return outcomes.map((outcome, position) => {
      const { plan } = targets[position] as BuildTarget;
      return outcome.ok
        ? { ok: true, value: factsOf(plan, outcome.value, this.#network(plan.name).settings.dns) }
        : outcome;
    });
  }

  async destroy(names: readonly EndpointName[]): Promise<Settled<void>[]> {
    const outcomes = await destroyEndpoints({ host: this.#host, site: this.#settings.site, names });
    await this.#part(names.filter((_, position) => outcomes[position]?.ok));
    return outcomes;
  }

  /** See `graftEndpoint`. */
  async graft({ name, targetFd }: { name: EndpointName; targetFd: number }): Promise<void> {
    const plan = planEndpoint(this.#settings.site, this.#network(name).settings, name);
    await graftEndpoint({ host: this.#host, plan, targetFd });
  }

  /** Gives the ports of endpoints that are gone back, and has the bridges forget their addresses. */
  async #part(names: readonly EndpointName[]): Promise<void> {
    const requests = names.flatMap((name) => {
      const network = this.#networks.get(name.pool);
      if (network === undefined) return [];
      return network.part(name.id, planEndpoint(this.#settings.site, network.settings, name).address);
    });
    // What is not there any more needs no forgetting.
    await this.#host.socket.transact(requests);
  }

  async adopt(names: readonly EndpointName[]): Promise<boolean[]> {
    const { site } = this.#settings;
    const { links } = await takeInventory(this.#host, site);
    const adopted: boolean[] = [];
    for (const { id, pool, seq } of names) {
      const masterIndex = links.get(hostLinkName(site, seq))?.masterIndex;
      adopted.push(masterIndex !== undefined && ((await this.#networks.get(pool)?.adopt(id, masterIndex)) ?? false));
    }
    return adopted;
  }

  async removeLinks(names: readonly string[]): Promise<string[]> {
    return [...(await deleteLinks(this.#host, names)).keys()];
  }

  close(): void {
    this.#host.close();
  }

  #network({ pool }: EndpointName): Network {
    const network = this.#networks.get(pool);
    if (network === undefined) throw new NetnsdError('internal', `the kernel thread knows no pool ${pool}`);
    return network;
  }
}
