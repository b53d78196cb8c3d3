import { presentModules } from '../kernel/host/modules.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../kernel/netlink/protocol.js';
import { inside, NetnsHandle } from '../kernel/netns/netns.js';
import { Vault } from '../kernel/netns/vault.js';
import type { LinkPlace } from './hub/hub.js';
import { Hubs } from './hub/hubs.js';

/**
 * The namespace that pools are connected to, usually the machine's own: a parameter, so that a test gives a
 * namespace of its own. `home` is the namespace in which the thread stands between its visits; `vault` is where the
 * namespaces of endpoints and hubs are mounted.
 */
export class Host implements LinkPlace {
  readonly home: NetnsHandle;
  readonly vault: Vault;
  readonly socket: NetlinkSocket;
  /** The daemon's table of nftables in it. */
  readonly table: string | undefined;
  readonly hubs = new Hubs(this);
  readonly #namespace: NetnsHandle;
  readonly #openNetfilter: () => NetlinkSocket;
  #netfilter: NetlinkSocket | null = null;
  #nftables: NetlinkSocket | null = null;

  /**
   * `netnsPath`: another namespace than the calling thread's. `table`: the daemon's table of nftables there. `stateDir`: whose vault it is; see `Vault.open` for what that
   * does to the thread. Closed by the caller.
   */
  static open(options: { netnsPath?: string | undefined; stateDir: string; table?: string | undefined }): Host {
    const { netnsPath, stateDir, table } = options;
    const home = NetnsHandle.open();
    let vault: Vault | undefined;
    let namespace = home;
    try {
      vault = Vault.open(stateDir);
      if (netnsPath !== undefined) namespace = NetnsHandle.open(netnsPath);
      const open = (protocol: number) => () =>
        inside({ namespace, home, act: () => NetlinkSocket.open({ protocol, many: true }) });
      return new Host({
        home,
        namespace,
        vault,
        table,
        socket: open(NETLINK_PROTOCOL.route)(),
        openNetfilter: open(NETLINK_PROTOCOL.netfilter),
      });
    } catch (error) {
      vault?.close();
      namespace.close();
      home.close();
      throw error;
    }
  }

  private constructor(options: {
    home: NetnsHandle;
    namespace: NetnsHandle;
    vault: Vault;
    table: string | undefined;
    socket: NetlinkSocket;
    openNetfilter: () => NetlinkSocket;
  }) {
    this.home = options.home;
    this.#namespace = options.namespace;
    this.vault = options.vault;
    this.table = options.table;
    this.socket = options.socket;
    this.#openNetfilter = options.openNetfilter;
  }

  /** For the host's tracked connections; null while the kernel has no code for it, and so tracks none. */
  get netfilter(): NetlinkSocket | null {
    if (this.#netfilter === null && presentModules()('nf_conntrack_netlink')) this.#netfilter = this.#openNetfilter();
    return this.#netfilter;
  }

  /** For the table; null while the kernel has no nftables, and so no table. */
  get nftables(): NetlinkSocket | null {
    if (this.#nftables === null && presentModules()('nf_tables')) this.#nftables = this.#openNetfilter();
    return this.#nftables;
  }

  /** Runs what must happen in the host's namespace, up to its first await. */
  inside<T>(act: () => T): T {
    return this.#namespace === this.home ? act() : inside({ namespace: this.#namespace, home: this.home, act });
  }

  /** The host's namespace itself. */
  get fd(): number {
    return this.#namespace.fd;
  }

  close(): void {
    this.hubs[Symbol.dispose]();
    this.#netfilter?.close();
    this.#nftables?.close();
    this.socket.close();
    this.vault.close();
    this.#namespace.close();
    this.home.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
