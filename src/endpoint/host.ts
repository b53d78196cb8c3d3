import { presentModules } from '../kernel/host/modules.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../kernel/netlink/protocol.js';
import { inside, NetnsHandle } from '../kernel/netns/netns.js';

/**
 * The namespace that endpoints are connected to, usually the machine's own: a parameter, so that a test gives a
 * namespace of its own. `home` is the namespace in which the thread stands between its visits.
 */
export class Host {
  readonly home: NetnsHandle;
  readonly socket: NetlinkSocket;
  readonly #openNetfilter: () => NetlinkSocket;
  #netfilter: NetlinkSocket | null = null;

  /** `netnsPath`: another namespace than the calling thread's. Closed by the caller. */
  static open(netnsPath?: string): Host {
    const home = NetnsHandle.open();
    try {
      const open = (protocol: number) => () => {
        if (netnsPath === undefined) return NetlinkSocket.open({ protocol, many: true });
        using namespace = NetnsHandle.open(netnsPath);
        return inside({ namespace, home, act: () => NetlinkSocket.open({ protocol, many: true }) });
      };
      return new Host(home, open(NETLINK_PROTOCOL.route)(), open(NETLINK_PROTOCOL.netfilter));
    } catch (error) {
      home.close();
      throw error;
    }
  }

  private constructor(home: NetnsHandle, socket: NetlinkSocket, openNetfilter: () => NetlinkSocket) {
    this.home = home;
    this.socket = socket;
    this.#openNetfilter = openNetfilter;
  }

  /** For the host's tracked connections; null while the kernel has no code for it, and so tracks none. */
  get netfilter(): NetlinkSocket | null {
    if (this.#netfilter === null && presentModules()('nf_conntrack_netlink')) this.#netfilter = this.#openNetfilter();
    return this.#netfilter;
  }

  close(): void {
    this.#netfilter?.close();
    this.socket.close();
    this.home.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
