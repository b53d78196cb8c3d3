import { presentModules } from '../../kernel/host/modules.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import type { EndpointPlan } from '../plan.js';
import type { View } from './fingerprint/item.js';
import type { OwnValues } from './fingerprint/message-shape.js';

/** What is the same for all endpoints and is read once. */
export interface Surroundings {
  readonly families: ReadonlyMap<string, number>;
}

/** Reads one namespace, from inside: opens each kind of socket when it is first needed, and closes all at the end. */
export class NamespaceView implements View {
  readonly own: OwnValues;
  readonly netnsFd: number;
  readonly families: ReadonlyMap<string, number>;
  readonly #sockets = new Map<number, NetlinkSocket>();
  readonly #listeners: number;
  #modules: ((name: string) => boolean) | null = null;

  constructor(options: {
    plan: EndpointPlan;
    /** Index of the link at the host; 0 where it is not there, which no pristine endpoint has. */
    hostIndex: number;
    netnsFd: number;
    /** How many sockets the seal has in the namespace. */
    listeners: number;
    surroundings: Surroundings;
  }) {
    const { plan, hostIndex, netnsFd, listeners, surroundings } = options;
    const index = Buffer.alloc(4);
    index.writeUInt32LE(hostIndex);
    this.own = { address: ownAddresses(plan), mac: ownMacs(plan), hostIndex: index };
    this.netnsFd = netnsFd;
    this.families = surroundings.families;
    this.#listeners = listeners;
  }

  get ownSockets(): number {
    return this.#listeners + this.#sockets.size;
  }

  readonly hasModule = (name: string): boolean => {
    this.#modules ??= presentModules();
    return this.#modules(name);
  };

  readonly socket = (protocol: number): NetlinkSocket => {
    let socket = this.#sockets.get(protocol);
    if (socket === undefined) {
      socket = NetlinkSocket.open({ protocol });
      this.#sockets.set(protocol, socket);
    }
    return socket;
  };

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }
}

function ownMacs({ containerMac, ipv6 }: EndpointPlan): Buffer[] {
  const group = ipv6 === null ? [] : [[0x33, 0x33, 0xff, ...containerMac.slice(3)]];
  return [containerMac, ...group].map((one) => Buffer.from(one));
}

/** ff02::1:ff00:0/104, which the last three bytes of an address follow. */
const SOLICITED_NODE = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff];

function ownAddresses({ address, ipv6 }: EndpointPlan): Buffer[] {
  if (ipv6 === null) return [Buffer.from(address)];
  const group = [...SOLICITED_NODE, ...address.slice(1)];
  return [address, ipv6.address, ipv6.linkLocal, group].map((one) => Buffer.from(one));
}
