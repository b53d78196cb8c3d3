import { presentModules } from '../kernel/host/modules.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../kernel/netlink/protocol.js';
import { inside, NetnsHandle } from '../kernel/netns/netns.js';
import { Vault } from '../kernel/netns/vault.js';

/**
 * The namespace that endpoints are connected to, usually the machine's own: a parameter, so that a test gives a
 * namespace of its own. `home` is the namespace in which the thread stands between its visits; `vault` is where the
 * endpoints' namespaces are mounted.
 */
export class Host {
  readonly home: NetnsHandle;
  readonly vault: Vault;
  readonly socket: NetlinkSocket;
  readonly #openNetfilter: () => NetlinkSocket;
  #netfilter: NetlinkSocket | null = null;

  /**
   * `netnsPath`: another namespace than the calling thread's. `stateDir`: whose vault it is; see `Vault.open` for what that
   * does to the thread. Closed by the caller.
   */
  static open({ netnsPath, stateDir }: { netnsPath?: string | undefined; stateDir: string }): Host {
    const home = NetnsHandle.open();
    let vault: Vault | undefined;
    try {
      vault = Vault.open(stateDir);
      const open = (protocol: number) => () => {
        if (netnsPath === undefined) return NetlinkSocket.open({ protocol, many: true });
        using namespace = NetnsHandle.open(netnsPath);
        return inside({ namespace, home, act: () => NetlinkSocket.open({ protocol, many: true }) });
      };
      return new Host({
        home,
        vault,
        socket: open(NETLINK_PROTOCOL.route)(),
        openNetfilter: open(NETLINK_PROTOCOL.netfilter),
      });
    } catch (error) {
      vault?.close();
      home.close();
      throw error;
    }
  }

  private constructor(options: {
    home: NetnsHandle;
    vault: Vault;
    socket: NetlinkSocket;
    openNetfilter: () => NetlinkSocket;
  }) {
    this.home = options.home;
    this.vault = options.vault;
    this.socket = options.socket;
    this.#openNetfilter = options.openNetfilter;
  }

  /** For the host's tracked connections; null while the kernel has no code for it, and so tracks none. */
  get netfilter(): NetlinkSocket | null {
    if (this.#netfilter === null && presentModules()('nf_conntrack_netlink')) this.#netfilter = this.#openNetfilter();
    return this.#netfilter;
  }

  close(): void {
    this.#netfilter?.close();
    this.socket.close();
    this.vault.close();
    this.home.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
