import { NetnsdError } from '../../errors.js';
import { takeOverMounts } from '../../kernel/netns/former-mounts.js';
import { NetnsLinks } from '../../kernel/netns/netns-links.js';
import { netnsUsers } from '../../kernel/netns/netns-users.js';
import { buildEndpoints } from '../build/build.js';
import { deleteLinks, destroyEndpoints } from '../build/destroy.js';
import { takeOverLinks } from '../build/former-links.js';
import { graftEndpoint } from '../build/graft.js';
import { takeInventory } from '../build/inventory.js';
import { Host } from '../host.js';
import { moveIntoHub, removeFormerBridges } from '../hub/former-bridges.js';
import { parseHubName, uplinkName } from '../hub/hub-names.js';
import { Addresses } from '../network/addresses.js';
import { describeNamespaces, type Inhabited } from '../network/describe.js';
import { earlierAddress } from '../network/earlier-subnets.js';
import { forgetUnowned } from '../network/forget-connections.js';
import { hostTable } from '../network/host-rules.js';
import { Network } from '../network/network.js';
import { type NetworkFinding, repairNetwork } from '../network/network-repair.js';
import { placedIn } from '../network/walls/tenant-members.js';
import { addressBytes, hostLinkName } from '../plan.js';
import type { EndpointName, NetworkSettings, Settled } from '../types.js';
import {
  type AdoptedEndpoint,
  type BuiltNamespace,
  type Found,
  type Jobs,
  ofTenant,
  type Survey,
  type TenantEndpoint,
  type ThreadSettings,
} from './thread-protocol.js';
import { Verification } from './verification.js';

/** Of ready endpoints without a seal, how many a survey looks into that is not thorough. */
const CHECKS_A_RUN = 500;

/** All that the kernel thread owns, and what it does on request: the host, the networks of the pools, the seals. */
export class KernelWorker {
  readonly #settings: ThreadSettings;
  readonly #host: Host;
  readonly #networks: Map<string, Network>;
  #addresses: Addresses;
  #verification: Verification;
  /** Null: `netns_dir` is not set. */
  readonly #links: NetnsLinks | null;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
    const { site } = settings;
    const host = Host.open({ netnsPath: settings.hostNetnsPath, stateDir: site.stateDir, table: hostTable(site) });
    this.#host = host;
    this.#links = NetnsLinks.of(site);
    this.#networks = new Map();
    this.#addresses = new Addresses({ host, networks: this.#networks });
    this.#verification = this.#openVerification();
    this.#add(settings.networks);
  }

  /** Begins anew with other networks: nothing is known of endpoints, and none is sealed. */
  configure({ networks }: { networks: readonly NetworkSettings[] }): void {
    this.#verification.close();
    this.#verification = this.#openVerification();
    this.#networks.clear();
    this.#addresses = new Addresses({ host: this.#host, networks: this.#networks });
    this.#add(networks);
  }

  /** The path of the vault's root. */
  async openVault(): Promise<string> {
    const { site, formerMounts } = this.#settings;
    const { socket, vault, hubs } = this.#host;
    if (formerMounts !== undefined) {
      takeOverMounts(vault, formerMounts);
      await takeOverLinks(socket, site);
    }
    this.#links?.set(vault.namespaces().keys());
    hubs.openMounted();
    return vault.root;
  }

  /** `retired`: networks of pools that are no longer configured and whose leases stand. */
  open({ retired }: { retired: readonly NetworkSettings[] }): void {
    this.#add(retired);
    for (const network of this.#networks.values()) network.open();
  }

  async inventory(): Promise<Found> {
    const { links, uplinks, hubs, namespaces } = await takeInventory(this.#host, this.#settings.site);
    return { links: [...links.values()], uplinks, hubs, namespaces: [...namespaces] };
  }

  describe(pids: readonly number[]): Inhabited[] {
    return describeNamespaces(this.#host, pids);
  }

  /** See `buildEndpoints`. */
  build(names: readonly EndpointName[]): Settled<BuiltNamespace>[] {
    const targets = names.map((name) => {
      const network = this.#network(name);
      this.#addresses.assign(name);
      return { plan: network.planOf(name), port: network.attach(name.id) };
    });
    const outcomes = buildEndpoints({ host: this.#host, targets });
    const failures = this.#addresses.release(names.filter((_, position) => !outcomes[position]?.ok));
    for (const [position, { id }] of names.entries()) {
      const [outcome, failure] = [outcomes[position], failures.get(id)];
      if (outcome?.ok) this.#links?.add(id);
      if (outcome?.ok === false && failure !== undefined && outcome.error instanceof NetnsdError)
        outcome.error.details.undo ??= failure.message;
    }
    return outcomes.map((outcome, position) =>
      outcome.ok ? { ok: true, value: { inode: outcome.value, hub: targets[position]?.port.hub.name ?? '' } } : outcome,
    );
  }

  async destroy(names: readonly EndpointName[]): Promise<Settled<void>[]> {
    for (const { id } of names) this.#verification.forget(id);
    const outcomes = await destroyEndpoints({
      host: this.#host,
      site: this.#settings.site,
      names,
      hubOf: ({ id, pool }) => this.#networks.get(pool)?.portOf(id)?.hub,
    });
    for (const { id } of names) this.#links?.remove(id);
    const gone = names.filter((_, position) => outcomes[position]?.ok);
    const tracked = await this.#addresses.forgetConnections(gone);
    const failures = this.#addresses.release(gone.filter(({ id }) => !tracked.has(id)));
    return names.map(({ id }, position): Settled<void> => {
      const cause = failures.get(id);
      if (cause !== undefined) return { ok: false, error: cause };
      return tracked.get(id) ?? (outcomes[position] as Settled<void>);
    });
  }

  admit(endpoints: readonly TenantEndpoint[]): void {
    for (const network of this.#networks.values()) network.walls.admit(placedIn(network, endpoints));
  }

  restoreWalls(): string[] {
    return [...this.#networks.values()].flatMap(({ walls }) => walls.restore());
  }

  async graft({ name, targetFd }: { name: EndpointName; targetFd: number }): Promise<void> {
    const network = this.#network(name);
    const plan = network.planOf(name);
    const port = network.portOf(name.id);
    if (port === undefined) throw new NetnsdError('internal', `endpoint ${name.id} is in no hub`);
    await graftEndpoint({ host: this.#host, hub: port.hub, plan, targetFd });
  }

  async adopt(names: readonly AdoptedEndpoint[]): Promise<boolean[]> {
    const { site } = this.#settings;
    const { links, uplinks } = await takeInventory(this.#host, site);
    const adopted = names.map((name) => {
      const { id, pool, seq } = name;
      // Oldest first: of two the younger one got the address when the older one was gone.
      this.#addresses.assign(name);
      const link = links.get(hostLinkName(site, seq));
      const network = this.#networks.get(pool);
      this.#keepAddress(network, name);
      if (link === undefined || network === undefined) return false;
      if (link.hub !== null) return network.adopt(id, link.hub);
      if (name.state !== 'leased') return false;
      moveIntoHub({ host: this.#host, link, plan: network.planOf(name), port: network.attach(id) });
      return true;
    });
    for (const network of this.#networks.values()) {
      removeFormerBridges({ host: this.#host, site, pool: network.settings.name, uplinks });
      const own = names.filter(({ pool }) => pool === network.settings.name);
      const plans = own.map((name) => network.planOf(name));
      network.fitUplinks(own.flatMap(({ facts }) => facts?.interface.mtu ?? []));
      await network.forgetOthers(plans);
      network.walls.adopt(placedIn(network, names.flatMap(ofTenant)));
      const addresses = plans.flatMap(addressBytes);
      await forgetUnowned({ host: this.#host, settings: network.settings, addresses });
    }
    return adopted;
  }

  /** The pool may have had another subnet when the endpoint was built. */
  #keepAddress(network: Network | undefined, { facts, ...name }: AdoptedEndpoint): void {
    if (network === undefined || facts == null) return;
    const earlier = earlierAddress(facts.addresses, network.planOf(name));
    if (earlier !== undefined) network.keepAddress(name.id, earlier);
  }

  get verification(): Verification {
    return this.#verification;
  }

  users(netnsInodes: readonly number[]): number[][] {
    const users = this.#verification.census().users(netnsInodes);
    return netnsInodes.map((inode) => [...(users.get(inode) ?? [])]);
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
  async survey({ ready, thorough }: Jobs['survey']['in']): Promise<Survey> {
    const found = await this.inventory();
    const users = netnsUsers();
    const lacking = await this.#verification.problemsOf(ready, { most: thorough ? ready.length : CHECKS_A_RUN });
    return { found, users, lacking };
  }

  removeStale({ hubs, links }: { hubs: readonly string[]; links: readonly string[] }): string[] {
    const { socket } = this.#host;
    for (const hub of hubs) this.#host.hubs.remove(hub);
    return [...deleteLinks(links.map((name) => ({ socket, name }))).keys()];
  }

  removeNetwork({ pool }: { pool: string }): string[] {
    this.#networks.delete(pool);
    const hubs = this.#host.hubs.all().filter(({ name }) => parseHubName(name)?.pool === pool);
    return this.removeStale({ hubs: hubs.map(({ name }) => name), links: [uplinkName(this.#settings.site, pool)] });
  }

  close(): void {
    this.#verification.close();
    this.#host.close();
  }

  #add(networks: readonly NetworkSettings[]): void {
    const { site } = this.#settings;
    for (const settings of networks)
      this.#networks.set(settings.name, new Network({ host: this.#host, site, settings }));
  }

  #openVerification(): Verification {
    const { site } = this.#settings;
    return new Verification({ host: this.#host, site, network: ({ name }) => this.#network(name) });
  }

  #network({ pool }: EndpointName): Network {
    const network = this.#networks.get(pool);
    if (network === undefined) throw new NetnsdError('internal', `the kernel thread knows no pool ${pool}`);
    return network;
  }
}
