import { NetnsdError } from '../../errors.js';
import { isNotFound } from '../../kernel/errno.js';
import { genericFamilies } from '../../kernel/netlink/generic-families.js';
import type { Request } from '../../kernel/netlink/request.js';
import { takeOverMounts } from '../../kernel/netns/former-mounts.js';
import { NetnsCensus } from '../../kernel/netns/netns-census.js';
import { NetnsLinks } from '../../kernel/netns/netns-links.js';
import { netnsUsers } from '../../kernel/netns/netns-users.js';
import { buildEndpoints } from '../build/build.js';
import { deleteLinks, destroyEndpoints } from '../build/destroy.js';
import type { BuildTarget } from '../build/endpoint-build.js';
import { graftEndpoint } from '../build/graft.js';
import { takeInventory } from '../build/inventory.js';
import { Host } from '../host.js';
import { forgetDeparted, forgetUnowned } from '../network/forget-connections.js';
import { Network } from '../network/network.js';
import { type NetworkFinding, repairNetwork } from '../network/network-repair.js';
import { refuseOverlap } from '../network/overlap.js';
import { factsOf, hostLinkName, netnsPrefix, planEndpoint } from '../plan.js';
import { type EndpointFacts, type EndpointName, type Settled, UNKNOWN_INDEX } from '../types.js';
import { References } from '../verify/fingerprint/references.js';
import { readPristine } from '../verify/pristine.js';
import { lookInside } from '../verify/ready-check.js';
import { Seals } from '../verify/seals.js';
import { sealEndpoints, type Verdict, type Verifier, verifyEndpoints } from '../verify/verify.js';
import type { BuiltEndpoint, Found, Survey, ThreadSettings, VerifyRequest } from './thread-protocol.js';

/** After how many looks into namespaces the thread is given back, so that what is urgent need not wait for all. */
const LOOKS_A_TURN = 8;

/** All that the kernel thread owns: the host's socket and the networks of the pools. */
export class Workshop {
  readonly #settings: ThreadSettings;
  readonly #host: Host;
  readonly #networks: ReadonlyMap<string, Network>;
  /** Null: nobody wants any. */
  readonly #links: NetnsLinks | null;
  #verifier: Verifier | null = null;
  #census: NetnsCensus | null = null;
  /** One at a time. */
  #pristine: Promise<void> = Promise.resolve();
  /** Whose an address is, by pool and index: a record that came to light late must not have another's address forgotten. */
  readonly #holders = new Map<string, string>();

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
    const { site, networks } = settings;
    this.#host = Host.open({ netnsPath: settings.hostNetnsPath, stateDir: site.stateDir });
    const { netnsDir: folder, stateDir } = site;
    this.#links = folder === null ? null : new NetnsLinks({ folder, prefix: netnsPrefix(site), stateDir });
    this.#networks = new Map(
      networks.map((network) => [network.name, new Network({ host: this.#host, site, settings: network })]),
    );
  }

  /** The path of the vault's root. */
  async open(): Promise<string> {
    const { site, networks, formerMounts } = this.#settings;
    const { vault } = this.#host;
    await refuseOverlap({ host: this.#host, site, pools: networks });
    if (formerMounts !== undefined) takeOverMounts(vault, formerMounts);
    this.#links?.set(vault.namespaces().keys());
    for (const network of this.#networks.values()) network.open();
    return vault.root;
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
      this.#holders.set(addressKey(name), name.id);
      targets.push({ plan: planEndpoint(site, network.settings, name), port: network.join(name.id) });
    }
    const outcomes = buildEndpoints({ host: this.#host, targets });
    const unforgotten = this.#part(names.filter((_, position) => !outcomes[position]?.ok));
    for (const [position, { id }] of names.entries()) if (outcomes[position]?.ok) this.#links?.add(id);
    return outcomes.map((outcome, position) => {
      const { plan } = targets[position] as BuildTarget;
      const left = unforgotten.get(plan.name.id);
      if (!outcome.ok && left !== undefined && outcome.error instanceof NetnsdError)
        outcome.error.details.undo ??= left.message;
      return outcome.ok
        ? { ok: true, value: factsOf(plan, outcome.value, this.#network(plan.name).settings.dns) }
        : outcome;
    });
  }

  async destroy(names: readonly EndpointName[]): Promise<Settled<void>[]> {
    // The listener of a seal is a socket inside: the namespace would outlive its mount.
    for (const { id } of names) this.#verifier?.seals.forget(id);
    const outcomes = await destroyEndpoints({ host: this.#host, site: this.#settings.site, names });
    for (const { id } of names) this.#links?.remove(id);
    const gone = names.filter((_, position) => outcomes[position]?.ok);
    const unsure = await this.#forget(gone);
    const unforgotten = this.#part(gone.filter(({ id }) => !unsure.has(id)));
    return names.map(({ id }, position): Settled<void> => {
      const cause = unforgotten.get(id);
      return (
        unsure.get(id) ?? (cause === undefined ? (outcomes[position] as Settled<void>) : { ok: false, error: cause })
      );
    });
  }

  /** See `forgetDeparted`; the failures by id. A stray's address is not known, and is nobody's to forget. */
  async #forget(names: readonly EndpointName[]): Promise<Map<string, Settled<void>>> {
    const departed = names.flatMap((name) => {
      const network = this.#networks.get(name.pool);
      if (network?.has(name.id) !== true) return [];
      return [{ name, address: planEndpoint(this.#settings.site, network.settings, name).address }];
    });
    const outcomes = await forgetDeparted(this.#host, departed);
    return new Map(departed.flatMap(({ name }, at) => (outcomes[at]?.ok === false ? [[name.id, outcomes[at]]] : [])));
  }

  /** See `graftEndpoint`. */
  async graft({ name, targetFd }: { name: EndpointName; targetFd: number }): Promise<void> {
    const plan = planEndpoint(this.#settings.site, this.#network(name).settings, name);
    await graftEndpoint({ host: this.#host, plan, targetFd });
  }

  /** Gives the ports of endpoints that are gone back, and has the bridges forget their addresses; by id, why they would not. */
  #part(names: readonly EndpointName[]): Map<string, NetnsdError> {
    const requests: Request[] = [];
    const ids: string[] = [];
    for (const name of names) {
      const network = this.#networks.get(name.pool);
      if (network === undefined || name.index === UNKNOWN_INDEX) continue;
      const own = network.part(name.id, planEndpoint(this.#settings.site, network.settings, name).address);
      const address = addressKey(name);
      if ((this.#holders.get(address) ?? name.id) !== name.id) continue;
      this.#holders.delete(address);
      requests.push(...own);
      ids.push(...own.map(() => name.id));
    }
    const failures = new Map<string, NetnsdError>();
    for (const [position, outcome] of this.#host.socket.transact(requests).entries()) {
      // What is not there any more needs no forgetting.
      if (outcome.ok || isNotFound(outcome.error)) continue;
      const id = ids[position] as string;
      const message = `cannot remove endpoint ${id}: ${outcome.error.message}`;
      failures.set(id, new NetnsdError('destroy_failed', message, { details: { endpoint: id }, cause: outcome.error }));
    }
    return failures;
  }

  async adopt(names: readonly EndpointName[]): Promise<boolean[]> {
    const { site } = this.#settings;
    const { links } = await takeInventory(this.#host, site);
    const adopted: boolean[] = [];
    for (const name of names) {
      const { id, pool, seq } = name;
      // Oldest first: of two the younger one got the address when the older one was gone.
      this.#holders.set(addressKey(name), id);
      const link = links.get(hostLinkName(site, seq));
      const network = this.#networks.get(pool);
      const { masterIndex } = link ?? {};
      const known = masterIndex !== undefined && (network?.adopt(id, masterIndex) ?? false);
      // It was taken out of its bridge, or the bridge is gone: it gets a port again with the first mending.
      if (!known && link !== undefined) network?.join(id);
      adopted.push(known);
    }
    for (const network of this.#networks.values()) {
      const own = names.filter(({ pool }) => pool === network.settings.name);
      const addresses = own.map((name) => planEndpoint(site, network.settings, name).address);
      await network.forgetOthers(addresses);
      await forgetUnowned({ host: this.#host, settings: network.settings, addresses });
    }
    return adopted;
  }

  async seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    await this.#readPristine(endpoints);
    return sealEndpoints(
      this.#verify(),
      endpoints.map((endpoint) => this.#target(endpoint)),
    );
  }

  async verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]> {
    await this.#readPristine(endpoints);
    const verifier = this.#verify();
    for (const { name, sealed } of endpoints) if (!sealed) verifier.seals.forget(name.id);
    return verifyEndpoints(
      verifier,
      endpoints.map((endpoint) => ({
        ...this.#target(endpoint),
        way: endpoint.way,
        unprivileged: endpoint.unprivileged,
      })),
    );
  }

  users(netnsInodes: readonly number[]): (readonly number[])[] {
    const users = this.#whoIsInside().users(netnsInodes);
    return netnsInodes.map((inode) => users.get(inode) ?? []);
  }

  /** Why endpoints are not sealed, or what a seal does not see; null: nothing is lacking. */
  get lackingOfSeals(): string | null {
    return this.#verify().seals.lacking;
  }

  /** See `repairNetwork`; for every pool. */
  async repair({ endpoints, fix }: { endpoints: readonly EndpointName[]; fix: boolean }): Promise<NetworkFinding[]> {
    const findings: NetworkFinding[] = [];
    for (const [pool, network] of this.#networks) {
      const own = endpoints.filter((name) => name.pool === pool);
      const options = { host: this.#host, site: this.#settings.site, network, endpoints: own, fix };
      findings.push(...(await repairNetwork(options)));
    }
    return findings;
  }

  /** What there is, then who is inside, then what ready endpoints lack. */
  async survey(ready: readonly BuiltEndpoint[]): Promise<Survey> {
    const found = await this.inventory();
    const users = netnsUsers();
    const lacking: (string | null)[] = [];
    for (const [position, endpoint] of ready.entries()) {
      if (position % LOOKS_A_TURN === 0) await new Promise(setImmediate);
      lacking.push(this.#lackingOf(endpoint));
    }
    return { found, users, lacking };
  }

  /** An intact seal has heard of no change at all, so nothing is lacking. */
  #lackingOf(endpoint: BuiltEndpoint): string | null {
    if (this.#verifier?.seals.state(endpoint.name.id).intact === true) return null;
    return lookInside(this.#host, this.#target(endpoint));
  }

  async removeLinks(names: readonly string[]): Promise<string[]> {
    return [...deleteLinks(this.#host.socket, names).keys()];
  }

  close(): void {
    this.#verifier?.seals.close();
    this.#census?.close();
    this.#host.close();
  }

  /** Has what pristine is read, for each pool that wants to know; those who come meanwhile wait for the same. */
  #readPristine(endpoints: readonly BuiltEndpoint[]): Promise<void> {
    const verifier = this.#verify();
    for (const pool of new Set(endpoints.map(({ name }) => name.pool))) {
      const network = this.#networks.get(pool);
      if (network === undefined) continue;
      this.#pristine = this.#pristine.then(async () => {
        if (verifier.references.wanted(pool)) await readPristine(verifier, this.#settings.site, network.settings);
      });
    }
    return this.#pristine;
  }

  /** Made when it is first needed: not every pool recycles so. */
  #verify(): Verifier {
    this.#verifier ??= {
      host: this.#host,
      census: this.#whoIsInside(),
      seals: new Seals(),
      references: new References(),
      surroundings: { families: genericFamilies() },
    };
    return this.#verifier;
  }

  #whoIsInside(): NetnsCensus {
    this.#census ??= NetnsCensus.open();
    return this.#census;
  }

  #target({ name, netnsInode }: BuiltEndpoint) {
    const network = this.#network(name);
    const plan = planEndpoint(this.#settings.site, network.settings, name);
    return { plan, netnsInode, bridgeIndexes: network.bridgeIndexes };
  }

  #network({ pool }: EndpointName): Network {
    const network = this.#networks.get(pool);
    if (network === undefined) throw new NetnsdError('internal', `the kernel thread knows no pool ${pool}`);
    return network;
  }
}

function addressKey({ pool, index }: EndpointName): string {
  return `${pool} ${index}`;
}
