import { statSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';
import { isExisting, isNotFound } from '../../kernel/errno.js';
import { areFramesFiltered, stopFilteringFrames } from '../../kernel/host/bridge-sysctls.js';
import { disableIpv6 } from '../../kernel/host/ipv6-sysctls.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { createNetns, inside, NetnsHandle, removeNetns } from '../../kernel/netns/netns.js';
import { SysctlFolder } from '../../kernel/netns/sysctl-folder.js';
import {
  createBridge,
  getLink,
  hasNoAutomaticAddresses,
  type Link,
  parseLink,
  setLink,
  stopIpv6Addresses,
} from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { HUB_BRIDGE } from './hub-names.js';
import { HubView } from './hub-view.js';
import { HubWalls } from './hub-walls.js';

/** A namespace in which links can be made and looked up: a hub, or the host. */
export interface LinkPlace {
  readonly socket: NetlinkSocket;
  readonly fd: number;
}

/** Links that stay in a hub, by their indexes there. */
interface HubLinks {
  readonly bridgeIndex: number;
  /** The end of its uplink; 0 before it is connected. */
  readonly uplinkIndex: number;
}

/**
 * A network namespace of netnsd's with a bridge, of which the host's ends of a thousand endpoints are ports. It is mounted in the
 * vault. This object holds it as well, so that it outlives its mount while the daemon runs.
 */
export class Hub implements LinkPlace, HubLinks, Disposable {
  readonly name: string;
  readonly inode: number;
  readonly socket: NetlinkSocket;
  /** What rules there are in it. */
  readonly walls: HubWalls;
  /** What there is in it. */
  readonly view: HubView;
  bridgeIndex = 0;
  uplinkIndex = 0;
  #stoppedFilter = false;
  readonly #host: Host;
  readonly #namespace: NetnsHandle;

  /** Takes over the hub that is mounted by this name, or makes it: a namespace with nothing in it. Throws kernel_error. */
  static open(host: Host, name: string): Hub {
    const act = () => NetlinkSocket.open({ many: true });
    const { home, vault } = host;
    if (vault.hubs().has(name)) {
      const handle = NetnsHandle.open(vault.hubPath(name));
      try {
        return new Hub(host, { name, handle, socket: inside({ namespace: handle, home, act }) });
      } catch (error) {
        handle.close();
        throw error;
      }
    }
    return vault.within(() => {
      const path = vault.hubPoint(name);
      removeNetns(path);
      const { handle, result } = createNetns({ path, home, act });
      return new Hub(host, { name, handle, socket: result });
    });
  }

  private constructor(host: Host, options: { name: string; handle: NetnsHandle; socket: NetlinkSocket }) {
    this.#host = host;
    this.name = options.name;
    this.#namespace = options.handle;
    this.socket = options.socket;
    const within = <T>(act: () => T): T => inside({ namespace: options.handle, home: host.home, act });
    this.walls = new HubWalls(within);
    this.view = new HubView(this, within);
    this.inode = statSync(`/proc/self/fd/${options.handle.fd}`).ino;
  }

  get fd(): number {
    return this.#namespace.fd;
  }

  get isMounted(): boolean {
    return this.#host.vault.hubs().get(this.name) === this.inode;
  }

  /** Mounts it again if it is not, and makes its bridge, or gives the one that is there back what it lacks. Throws kernel_error. */
  establish({ mtuBytes }: { mtuBytes: number }): void {
    if (!this.isMounted) this.#host.vault.mountHub(this.name, this.fd);
    const { socket } = this;
    this.#setSysctls();
    // The bridge has no address, so no other MAC than this is ever seen, and only within the hub.
    const [created] = socket.transact([createBridge({ name: HUB_BRIDGE, mac: [0x06, 0x58, 0, 0, 0, 1], mtuBytes })]);
    if (created?.ok === false && !isExisting(created.error)) throw created.error;
    const link = findLink(this, HUB_BRIDGE);
    if (link?.kind !== 'bridge')
      throw new NetnsdError('kernel_error', `link ${HUB_BRIDGE} of hub ${this.name} is no bridge: remove it`, {
        details: { errno: 'EEXIST' },
      });
    this.bridgeIndex = link.index;
    quieten(this, link.index);
    if (!link.up) socket.request(setLink({ index: link.index }, { up: true }));
  }

  /** Whether its frames are given to rules for IP packets although that was stopped: br_netfilter was loaded since. Throws what node:fs throws. */
  get filtersFrames(): boolean {
    return this.#stoppedFilter && this.#withSysctls(areFramesFiltered);
  }

  /** Nothing in a hub has addresses, and nothing of it is for rules for IP packets. */
  #setSysctls(): void {
    this.#withSysctls(disableIpv6);
    this.#stoppedFilter = this.#withSysctls(stopFilteringFrames);
  }

  #withSysctls<T>(act: (sysctls: string) => T): T {
    using sysctls = SysctlFolder.open();
    return inside({ namespace: this.#namespace, home: this.#host.home, act: () => act(sysctls.path) });
  }

  /** Unmounts its namespace. The kernel then destroys its links, once no process is in it and no descriptor of it is open. */
  remove(): void {
    const { vault } = this.#host;
    this.close();
    vault.within(() => removeNetns(vault.hubPoint(this.name)));
  }

  close(): void {
    this.walls[Symbol.dispose]();
    this.view[Symbol.dispose]();
    this.socket.close();
    this.#namespace.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A link by its name; undefined where there is none. Throws kernel_error. */
export function findLink({ socket }: LinkPlace, name: string): Link | undefined {
  const [outcome] = socket.transact([getLink(name)]);
  if (outcome?.ok === false && !isNotFound(outcome.error)) throw outcome.error;
  return outcome?.ok && outcome.replies[0] !== undefined ? parseLink(outcome.replies[0]) : undefined;
}

/**
 * Stops IPv6 address generation of a link, if it is on. A request that changes nothing is left out, since the kernel would announce it,
 * and the hub would be read again. Throws kernel_error.
 */
export function quieten({ socket }: LinkPlace, index: number): void {
  const [link] = socket.request(getLink({ index }));
  if (link === undefined || !hasNoAutomaticAddresses(link)) socket.request(stopIpv6Addresses({ index }));
}
