import { NetnsdError } from '../../errors.js';
import { ChangeListener } from '../../kernel/netlink/change-listener.js';
import { listForwarding } from '../../kernel/rtnetlink/forwarding.js';
import {
  type BridgePortSettings,
  type Link,
  linkDump,
  parseBridgePort,
  parseLink,
} from '../../kernel/rtnetlink/link.js';
import { NUD_NOARP, NUD_PERMANENT } from '../../kernel/rtnetlink/messages.js';
import { listNeighbours } from '../../kernel/rtnetlink/neighbour.js';
import { macText } from '../plan.js';
import type { LinkPlace } from './hub.js';

type Place = Pick<LinkPlace, 'socket'> & { readonly bridgeIndex: number };

/** All links in a hub. */
export interface HubLinks {
  readonly links: ReadonlyMap<string, Link>;
  /** What its bridge lets pass, by index of the port. */
  readonly ports: ReadonlyMap<number, BridgePortSettings>;
}

/** What the bridge of a hub knows of endpoints and the gateway. */
export interface HubEntries {
  /** Permanent ones; see `neighbourKey`. */
  readonly neighbours: ReadonlySet<string>;
  /** Static ones; see `forwardingKey`. */
  readonly forwarding: ReadonlySet<string>;
}

/** `ADDRESS MAC` */
export function neighbourKey(address: Iterable<number>, mac: Iterable<number>): string {
  return `${[...address].join('.')} ${macText(mac)}`;
}

/** `PORT_INDEX MAC` */
export function forwardingKey(portIndex: number, mac: Iterable<number>): string {
  return `${portIndex} ${macText(mac)}`;
}

/**
 * The links and entries of a hub, as they were last read. They are read again after the kernel has announced a change, by netnsd or by
 * others. As long as nothing changes, a look at a hub of a thousand endpoints costs one system call.
 */
export class HubView implements Disposable {
  readonly #hub: Place;
  readonly #inside: <T>(act: () => T) => T;
  /** Null: not heard yet, or there is none, for lack of descriptors say; then everything is read each time. */
  #listener: ChangeListener | null = null;
  #version = 0;
  #links: HubLinks | null = null;
  #entries: HubEntries | null = null;

  /** `inside` runs a function with the thread in the hub. */
  constructor(hub: Place, inside: <T>(act: () => T) => T) {
    this.#hub = hub;
    this.#inside = inside;
  }

  /** Another number each time that something may have changed since it was asked last. */
  get version(): number {
    if (this.#listener === null || this.#listener.heard().what !== 'nothing') this.#listenAnew();
    return this.#version;
  }

  /** `ip link`, `bridge -d link`. Throws kernel_error. */
  async links(): Promise<HubLinks> {
    const { version } = this;
    if (this.#links !== null) return this.#links;
    const read = await readLinks(this.#hub);
    if (version === this.#version) this.#links = read;
    return read;
  }

  /** `ip neighbour show dev` and `bridge fdb show br` of its bridge. Throws kernel_error. */
  async entries(): Promise<HubEntries> {
    const { version } = this;
    if (this.#entries !== null) return this.#entries;
    const read = await readEntries(this.#hub);
    if (version === this.#version) this.#entries = read;
    return read;
  }

  /** Frees the memory of what was compared and is as it should be. */
  forgetEntries(): void {
    this.#entries = null;
  }

  /** What waits in the queue of the old listener goes with it. */
  #listenAnew(): void {
    this.#version += 1;
    this.#links = null;
    this.#entries = null;
    this[Symbol.dispose]();
    try {
      this.#listener = this.#inside(ChangeListener.open);
      this.#listener.listenToBridge();
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#listener?.close();
    this.#listener = null;
  }
}

async function readLinks({ socket }: Place): Promise<HubLinks> {
  const links = new Map<string, Link>();
  const ports = new Map<number, BridgePortSettings>();
  for (const message of await socket.dump(linkDump())) {
    const link = parseLink(message);
    links.set(link.name, link);
    const port = parseBridgePort(message);
    if (port !== undefined) ports.set(link.index, port);
  }
  return { links, ports };
}

async function readEntries({ socket, bridgeIndex }: Place): Promise<HubEntries> {
  const neighbours = (await listNeighbours(socket, bridgeIndex)).flatMap(({ state, address, mac }) =>
    (state & NUD_PERMANENT) !== 0 && address !== undefined && mac !== undefined ? [neighbourKey(address, mac)] : [],
  );
  const forwarding = (await listForwarding(socket, bridgeIndex)).flatMap(({ portIndex, state, mac }) =>
    (state & NUD_NOARP) !== 0 ? [forwardingKey(portIndex, mac)] : [],
  );
  return { neighbours: new Set(neighbours), forwarding: new Set(forwarding) };
}
