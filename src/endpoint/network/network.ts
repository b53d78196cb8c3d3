import { ipv4Bytes } from '../../address/ipv4.js';
import { NetnsdError } from '../../errors.js';
import { isExisting, isNotFound } from '../../kernel/errno.js';
import type { Request } from '../../kernel/netlink/request.js';
import { addAddress, deleteAddress } from '../../kernel/rtnetlink/address.js';
import {
  createBridge,
  createVeth,
  getLink,
  parseLink,
  setLink,
  stopIpv6Addresses,
} from '../../kernel/rtnetlink/link.js';
import { NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { deleteNeighbour, listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import { addSubnetRoute } from '../../kernel/rtnetlink/route.js';
import type { Host } from '../host.js';
import { aliasOf, isOwn } from '../identity.js';
import {
  bridgeMac,
  bridgeName,
  type EndpointPlan,
  macText,
  pairNames,
  planEndpoint,
  type Subnet,
  subnetOf,
} from '../plan.js';
import type { EndpointName, NetworkSettings, Site } from '../types.js';

/** The address of an endpoint that was built when its pool had another subnet. */
export interface EarlierAddress {
  readonly subnet: string;
  /** Its index in that subnet. */
  readonly index: number;
}

/** Where an endpoint's link is to join. */
export interface BridgePort {
  readonly bridgeIndex: number;
  /** Bridges that are to know the endpoint's MAC: its own, which answers its neighbours, and the gateway's. */
  readonly neighbourIndexes: readonly number[];
}

/**
 * The bridges of a pool: one L2 network. The first holds the gateway's address; since the kernel gives a bridge 1 023
 * ports, a larger pool gets more of them, each linked to the first by a veth pair.
 */
export class Network {
  readonly settings: NetworkSettings;
  readonly #host: Host;
  readonly #site: Site;
  readonly #subnet: Subnet;
  /** By place in the group: the kernel's index, and how many ports endpoints hold. */
  readonly #bridges: { index: number; ports: number }[] = [];
  /** Which place an endpoint's link has joined, by the endpoint's id. */
  readonly #placeOf = new Map<string, number>();
  /** Endpoints that were built with another subnet, by id. */
  readonly #earlier = new Map<string, EarlierAddress>();

  constructor(options: { host: Host; site: Site; settings: NetworkSettings }) {
    this.settings = options.settings;
    this.#host = options.host;
    this.#site = options.site;
    this.#subnet = subnetOf(options.settings.subnet);
  }

  /** The plan of one of its endpoints, with the subnet that it was built with. */
  planOf(name: EndpointName): EndpointPlan {
    const { subnet = this.settings.subnet, index = name.index } = this.#earlier.get(name.id) ?? {};
    return planEndpoint(this.#site, { ...this.settings, subnet }, { ...name, index });
  }

  /**
   * An endpoint in use keeps the address of an earlier subnet: until the last of these is gone, the first bridge has that
   * subnet's gateway too.
   */
  keepAddress(id: string, earlier: EarlierAddress): void {
    this.#earlier.set(id, earlier);
    const first = this.#bridges[0];
    if (first !== undefined) this.#addGateway(first.index, subnetOf(earlier.subnet));
  }

  get bridgeIndexes(): ReadonlySet<number> {
    return new Set(this.#bridges.map(({ index }) => index));
  }

  /** Index of each bridge, by its place in the group, as it was when it was made or last restored. */
  get bridgePlaces(): readonly number[] {
    return this.#bridges.map(({ index }) => index);
  }

  /** Where an endpoint's link has joined; undefined for an endpoint that holds no port. */
  portOf(id: string): BridgePort | undefined {
    const place = this.#placeOf.get(id);
    return place === undefined ? undefined : this.#portAt(place);
  }

  /** Makes the first bridge, or takes over the one that an earlier daemon with this state directory left. */
  open(): void {
    this.#addBridge();
  }

  /** A port for an endpoint on a bridge with room; opens a further bridge when all are full. */
  attach(id: string): BridgePort {
    let place = this.#bridges.findIndex(({ ports }) => ports < this.settings.portsPerBridge);
    if (place < 0) place = this.#addBridge();
    const bridge = this.#bridges[place] as { index: number; ports: number };
    bridge.ports += 1;
    this.#placeOf.set(id, place);
    return this.#portAt(place);
  }

  #portAt(place: number): BridgePort {
    const [first, bridge] = [this.#bridges[0]?.index ?? 0, this.#bridges[place]?.index ?? 0];
    return { bridgeIndex: bridge, neighbourIndexes: place === 0 ? [first] : [first, bridge] };
  }

  /**
   * Makes every bridge of the group what `open` and `attach` made it: one that is gone is made anew, one that is there gets
   * back what it lacks. Ports are the caller's to join again. Throws kernel_error, for a name that is something else's say.
   */
  restore(): void {
    for (const [place, bridge] of this.#bridges.entries()) bridge.index = this.#establish(place);
  }

  /** Whether this endpoint has a port; of one that has none, not even its address is sure. */
  has(id: string): boolean {
    return this.#placeOf.has(id);
  }

  /**
   * What the bridges may still know of an endpoint that is gone, to be sent by the caller; and gives its port back. Of an
   * endpoint whose place is not known, any bridge may know.
   */
  detach(id: string, address: readonly number[]): Request[] {
    const bridge = this.#bridges[this.#placeOf.get(id) ?? -1];
    this.#placeOf.delete(id);
    if (bridge !== undefined) bridge.ports -= 1;
    const knowing = bridge === undefined ? this.#bridges : [this.#bridges[0] ?? bridge, bridge];
    const forget = [...new Set(knowing)].map(({ index }) => deleteNeighbour({ linkIndex: index, address }));
    return [...forget, ...this.#forgetEarlier(id)];
  }

  /** The last endpoint of an earlier subnet takes its gateway along. */
  #forgetEarlier(id: string): Request[] {
    const subnet = this.#earlier.get(id)?.subnet;
    const first = this.#bridges[0];
    this.#earlier.delete(id);
    if (subnet === undefined || first === undefined) return [];
    if ([...this.#earlier.values()].some((other) => other.subnet === subnet)) return [];
    const { gateway, prefixLength } = subnetOf(subnet);
    return [deleteAddress({ linkIndex: first.index, address: ipv4Bytes(gateway), prefixLength })];
  }

  /** Has the bridges forget every neighbour but these: an endpoint may have gone with the daemon that knew of it. */
  async forgetOthers(addresses: readonly (readonly number[])[]): Promise<void> {
    const kept = new Set(addresses.map((address) => address.join('.')));
    const { socket } = this.#host;
    for (const { index: linkIndex } of this.#bridges) {
      const requests = (await listNeighbours(socket, linkIndex)).flatMap(({ state, address }) => {
        if (!(state & NUD_PERMANENT) || address === undefined || kept.has(address.join('.'))) return [];
        return [deleteNeighbour({ linkIndex, address: [...address] })];
      });
      for (const outcome of socket.transact(requests))
        if (!outcome.ok && !isNotFound(outcome.error)) throw outcome.error;
    }
  }

  /** Counts an endpoint that an earlier daemon built, by its link's master; false where that is no bridge of this network. */
  adopt(id: string, masterIndex: number): boolean {
    for (let place = 0; place < this.#bridges.length || this.#exists(place); place++) {
      if (place === this.#bridges.length) this.#addBridge();
      const bridge = this.#bridges[place];
      if (bridge?.index !== masterIndex) continue;
      bridge.ports += 1;
      this.#placeOf.set(id, place);
      return true;
    }
    return false;
  }

  #exists(place: number): boolean {
    const [outcome] = this.#host.socket.transact([getLink(bridgeName(this.#site, this.settings.name, place))]);
    return outcome?.ok === true;
  }

  #addBridge(): number {
    const place = this.#bridges.length;
    this.#bridges.push({ index: this.#establish(place), ports: 0 });
    return place;
  }

  /** Makes the bridge at a place, or takes over the one that is there; its index. */
  #establish(place: number): number {
    const name = bridgeName(this.#site, this.settings.name, place);
    const { socket } = this.#host;
    const { mtuBytes } = this.settings;
    const mac = bridgeMac(name);
    const [created] = socket.transact([createBridge({ name, mac, mtuBytes })]);
    if (created?.ok === false && !isExisting(created.error)) throw created.error;
    const [reply] = socket.request(getLink(name));
    if (reply === undefined)
      throw new NetnsdError('kernel_error', `bridge ${name} is gone at once`, { details: { errno: 'ENODEV' } });
    const link = parseLink(reply);
    const { index, kind, mac: found } = link;
    if (kind !== 'bridge')
      throw new NetnsdError('kernel_error', `link ${name} is there already and no bridge: remove it`, {
        details: { errno: 'EEXIST' },
      });
    const alias = aliasOf(this.#site, `bridge:${this.settings.name}`);
    if (!isOwn(this.#site, link) || (link.alias && link.alias !== alias))
      throw new NetnsdError(
        'kernel_error',
        `bridge ${name} belongs to "${link.alias}": remove it, or rename the pool`,
        {
          details: { errno: 'EEXIST' },
        },
      );
    socket.request(setLink({ index }, { alias }));
    socket.request(stopIpv6Addresses({ index }));
    if (found !== macText(mac)) socket.request(setLink({ index }, { mac }));
    socket.request(setLink({ index }, { up: true }));
    if (place === 0) {
      const earlier = [...this.#earlier.values()].map(({ subnet }) => subnetOf(subnet));
      for (const subnet of [this.#subnet, ...earlier]) this.#addGateway(index, subnet);
    } else this.#link({ name, index, place });
    return index;
  }

  #addGateway(linkIndex: number, { gateway, network, prefixLength, broadcast }: Subnet): void {
    const request = addAddress({
      linkIndex,
      address: ipv4Bytes(gateway),
      prefixLength,
      broadcast: ipv4Bytes(broadcast),
    });
    // The kernel adds the route beside a new address; beside one that is there already, it may have been removed.
    const route = addSubnetRoute({
      destination: ipv4Bytes(network),
      prefixLength,
      linkIndex,
      source: ipv4Bytes(gateway),
    });
    for (const outcome of this.#host.socket.transact([request, route]))
      if (!outcome.ok && !isExisting(outcome.error)) throw outcome.error;
  }

  /** Connects a further bridge to the first; both ends of the pair carry the bridge's name with a letter. */
  #link({ name, index, place }: { name: string; index: number; place: number }): void {
    const { socket } = this.#host;
    const { mtuBytes } = this.settings;
    const [own, other] = pairNames(name);
    const end = (end: string, byte: number) => ({
      name: end,
      mac: [0x02, byte, ...bridgeMac(name).slice(2)],
      mtuBytes,
    });
    const first = this.#bridges[0] as { index: number };
    const pair = createVeth({ host: end(own, place), peer: end(other, place + 128), peerNetnsFd: null });
    const [created] = socket.transact([pair]);
    if (created?.ok === false && !isExisting(created.error)) throw created.error;
    for (const [end, masterIndex] of [
      [own, index],
      [other, first.index],
    ] as const) {
      socket.request(
        setLink({ name: end }, { masterIndex, alias: aliasOf(this.#site, `bridge:${this.settings.name}`) }),
      );
      socket.request(stopIpv6Addresses({ name: end }));
    }
    for (const name of [own, other]) socket.request(setLink({ name }, { up: true }));
  }
}
