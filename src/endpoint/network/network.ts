import { ipv4Bytes } from '../../address/ipv4.js';
import { enableIpv6, refuseAdvertisementsOf } from '../../kernel/host/ipv6-sysctls.js';
import { deleteForwarding } from '../../kernel/rtnetlink/forwarding.js';
import type { PortWalls } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import { hubName, parseHubName, ROOT, rootPortName, uplinkName } from '../hub/hub-names.js';
import type { SocketRequest } from '../hub/socket-request.js';
import { SoundHubs } from '../hub/sound-hubs.js';
import { connectUplink, joinQuietly, setUplinkMtu } from '../hub/uplink.js';
import { aliasOf } from '../identity.js';
import { type EndpointPlan, gatewayMac, planEndpoint, type Subnet, subnetOf } from '../plan.js';
import type { EndpointName, NetworkSettings, Site } from '../types.js';
import { type EarlierAddress, EarlierSubnets } from './earlier-subnets.js';
import { forgetNeighbour, forgetOtherEndpoints, type KnownEndpoint } from './forget-endpoints.js';
import { addGateway, type GatewayPlace, removeGateway } from './gateway.js';
import { Walls } from './walls/walls.js';

/** Where the host's end of an endpoint is. */
export interface HubPort {
  readonly hub: Hub;
  /** The root hub, which is to know the endpoint as well, and its port to the endpoint's hub; null where there is none. */
  readonly root: { readonly hub: Hub; readonly portIndex: number } | null;
  readonly walls: PortWalls;
}

/** One hub of a pool, how many endpoints it has, and the root hub's port to it. */
interface Place {
  readonly hub: Hub;
  endpoints: number;
  rootPort: number;
}

/**
 * The hubs of a pool: one L2 network, with one uplink to the host, whose end there has the gateway's address. A pool that may have
 * more endpoints than fit into a hub has several, each connected to a root hub, which has the uplink then.
 */
export class Network {
  readonly settings: NetworkSettings;
  readonly walls: Walls;
  readonly soundHubs = new SoundHubs();
  readonly #host: Host;
  readonly #site: Site;
  readonly #places: Place[] = [];
  #root: Hub | null = null;
  /** Index of the uplink's end in the host. */
  #uplinkIndex = 0;
  /** Which hub an endpoint is in, by the endpoint's id. */
  readonly #placeOf = new Map<string, Place>();
  readonly #earlier: EarlierSubnets;

  constructor(options: { host: Host; site: Site; settings: NetworkSettings }) {
    this.settings = options.settings;
    this.#earlier = new EarlierSubnets(options.settings);
    this.walls = new Walls(options.settings, () => ({ mac: gatewayMac(this.#uplink), subnets: this.subnets }));
    this.#host = options.host;
    this.#site = options.site;
  }

  /** The plan of one of its endpoints, with the subnet that it was built with. */
  planOf(name: EndpointName): EndpointPlan {
    const earlier = this.#earlier.of(name.id);
    if (earlier === undefined) return planEndpoint(this.#site, this.settings, name);
    const { index, ...subnets } = earlier;
    return planEndpoint(this.#site, { ...this.settings, ...subnets }, { ...name, index });
  }

  /** An endpoint in use keeps the address of an earlier subnet: until the last of these is gone, its gateway stays too. */
  keepAddress(id: string, earlier: EarlierAddress): void {
    this.#earlier.keep(id, earlier);
    addGateway(this.#gatewayPlace, subnetOf(earlier));
    this.walls.raise(this.allHubs, this.#root);
  }

  /** See `EarlierSubnets.all`. */
  get subnets(): readonly Subnet[] {
    return this.#earlier.all;
  }

  get allHubs(): readonly Hub[] {
    return this.#root === null ? this.hubs : [this.#root, ...this.hubs];
  }

  get #gatewayPlace(): GatewayPlace {
    return { host: this.#host, uplinkIndex: this.#uplinkIndex, mac: gatewayMac(this.#uplink), hubs: this.allHubs };
  }

  /** Name of the uplink's end in the host. */
  get #uplink(): string {
    return uplinkName(this.#site, this.settings.name);
  }

  /** Those that endpoints are in, by their places. */
  get hubs(): readonly Hub[] {
    return this.#places.map(({ hub }) => hub);
  }

  get root(): Hub | null {
    return this.#root;
  }

  /** Makes the hubs, or takes over those that an earlier daemon with this state directory left. Throws kernel_error. */
  open(): void {
    const { hubs } = this.#host;
    const { name: pool, max, endpointsPerHub } = this.settings;
    const standing = hubs.all().flatMap(({ name }) => {
      const hub = parseHubName(name);
      return hub?.pool === pool && hub.place !== ROOT ? [hub.place] : [];
    });
    const count = Math.max(0, ...standing) + 1;
    if (count > 1 || max > endpointsPerHub || hubs.has(hubName(pool, ROOT)))
      this.#root = hubs.open(hubName(pool, ROOT));
    for (let place = 0; place < count; place += 1) this.#openPlace();
    this.restore();
  }

  /** Where an endpoint's link is; undefined for an endpoint that is in no hub of this pool. */
  portOf(id: string): HubPort | undefined {
    const place = this.#placeOf.get(id);
    return place === undefined ? undefined : this.#portAt(place);
  }

  /** Room for an endpoint in a hub; opens a further hub when all are full. Throws kernel_error. */
  attach(id: string): HubPort {
    const room = this.#places.find(({ endpoints }) => endpoints < this.settings.endpointsPerHub);
    const place = room ?? this.#addPlace();
    this.#count(id, place);
    return this.#portAt(place);
  }

  /** Counts an endpoint that an earlier daemon built; false where that hub is none of this network. */
  adopt(id: string, hub: string): boolean {
    const place = this.#places.find((one) => one.hub.name === hub);
    if (place === undefined) return false;
    this.#count(id, place);
    return true;
  }

  /**
   * Makes every hub what `open` and `attach` made it: what is gone is made anew, what is there gets back what it lacks. Ports of
   * endpoints are the caller's to join again. Throws kernel_error, for a name that is something else's say.
   */
  restore(): void {
    const { mtuBytes, name: pool } = this.settings;
    for (const hub of this.allHubs) hub.establish({ mtuBytes });
    this.walls.raise(this.allHubs, this.#root);
    for (const [number, place] of this.#places.entries()) if (this.#root !== null) this.#connectToRoot(place, number);
    const top = this.#root ?? (this.#places[0] as Place).hub;
    const alias = aliasOf(this.#site, `uplink:${pool}`);
    const end = { name: this.#uplink, mac: gatewayMac(this.#uplink), alias };
    this.#uplinkIndex = connectUplink({ hub: top, upper: this.#host, end, mtuBytes }).index;
    const hasIpv6 = this.subnets.some(({ ipv6 }) => ipv6 !== null);
    this.#host.inside(() => (hasIpv6 ? enableIpv6(this.#uplink) : refuseAdvertisementsOf(this.#uplink)));
    for (const subnet of this.subnets) addGateway(this.#gatewayPlace, subnet);
  }

  /** What is to be forgotten of an endpoint that is gone, to be sent by the caller. Of one whose hub is not known, any may know. */
  detach(id: string, { address, containerMac }: KnownEndpoint): SocketRequest[] {
    const place = this.#placeOf.get(id);
    this.#placeOf.delete(id);
    if (place !== undefined) place.endpoints -= 1;
    const knowing = place === undefined ? this.hubs : [place.hub];
    const root = this.#root;
    return [
      forgetNeighbour(this.#host.socket, this.#uplinkIndex, address),
      ...knowing.map(({ socket, bridgeIndex }) => forgetNeighbour(socket, bridgeIndex, address)),
      ...(root === null ? [] : [forgetNeighbour(root.socket, root.bridgeIndex, address)]),
      ...(root === null || place === undefined
        ? []
        : [{ socket: root.socket, request: deleteForwarding({ portIndex: place.rootPort, mac: containerMac }) }]),
      ...this.#forgetEarlier(id),
    ];
  }

  /** The last endpoint of an earlier subnet takes its gateway along. */
  #forgetEarlier(id: string): SocketRequest[] {
    const subnet = this.#earlier.release(id);
    if (subnet === null) return [];
    this.walls.raise(this.allHubs, this.#root);
    return removeGateway(this.#gatewayPlace, { subnet, kept: this.subnets });
  }

  /** The uplinks take what the pool's endpoints send, and those that were built with a larger MTU. */
  fitUplinks(builtMtuBytes: readonly number[]): void {
    const mtuBytes = Math.max(this.settings.mtuBytes, ...builtMtuBytes);
    const [root, places] = [this.#root, this.#places];
    setUplinkMtu({ hub: root ?? (places[0] as Place).hub, upper: this.#host, index: this.#uplinkIndex }, mtuBytes);
    for (const { hub, rootPort } of places) if (root) setUplinkMtu({ hub, upper: root, index: rootPort }, mtuBytes);
  }

  /** Whether this endpoint is in a hub; of one that is not, not even its address is sure. */
  has(id: string): boolean {
    return this.#placeOf.has(id);
  }

  /** See `forgetOtherEndpoints`. */
  async forgetOthers(kept: readonly KnownEndpoint[]): Promise<void> {
    const rootPorts = new Set(this.#places.map(({ rootPort }) => rootPort));
    const gateways = this.subnets.map(({ gateway }) => ipv4Bytes(gateway));
    await forgetOtherEndpoints({ hubs: this.allHubs, root: this.#root, rootPorts, kept, gateways });
  }

  #count(id: string, place: Place): void {
    const before = this.#placeOf.get(id);
    if (before !== undefined) before.endpoints -= 1;
    place.endpoints += 1;
    this.#placeOf.set(id, place);
  }

  #portAt({ hub, rootPort }: Place): HubPort {
    const root = this.#root === null ? null : { hub: this.#root, portIndex: rootPort };
    return { hub, root, walls: this.walls.ports.endpoint };
  }

  #openPlace(): Place {
    const hub = this.#host.hubs.open(hubName(this.settings.name, this.#places.length));
    const place = { hub, endpoints: 0, rootPort: 0 };
    this.#places.push(place);
    return place;
  }

  /** A further hub. A pool that had one gets its root hub with it, which the next repair tells of the endpoints that there are. */
  #addPlace(): Place {
    const { name: pool, mtuBytes } = this.settings;
    const place = this.#openPlace();
    if (this.#root === null) {
      this.#root = this.#host.hubs.open(hubName(pool, ROOT));
      this.restore();
    } else {
      place.hub.establish({ mtuBytes });
      this.walls.raise([place.hub], this.#root);
      this.#connectToRoot(place, this.#places.length - 1);
      for (const subnet of this.subnets) addGateway({ ...this.#gatewayPlace, hubs: [place.hub] }, subnet);
    }
    return place;
  }

  #connectToRoot(place: Place, number: number): void {
    const root = this.#root as Hub;
    const { mtuBytes, name: pool } = this.settings;
    const end = {
      name: rootPortName(number),
      mac: [0x02, 0x59, ...ipv4Bytes(number)],
      alias: aliasOf(this.#site, `hub:${hubName(pool, number)}`),
    };
    const { index } = connectUplink({ hub: place.hub, upper: root, end, mtuBytes });
    place.rootPort = index;
    joinQuietly(root, index, this.walls.ports.hub);
  }
}
