import { NetlinkSocket } from '../kernel/netlink-socket.js';
import { inside, NetnsHandle } from '../kernel/netns.js';

/**
 * The namespace that endpoints are connected to, usually the machine's own: a parameter, so that a test gives a
 * namespace of its own. `home` is the namespace in which the thread stands between its visits.
 */
export class Host {
  readonly home: NetnsHandle;
  readonly socket: NetlinkSocket;

  /** `netnsPath`: another namespace than the calling thread's. Closed by the caller. */
  static open(netnsPath?: string): Host {
    const home = NetnsHandle.open();
    try {
      if (netnsPath === undefined) return new Host(home, NetlinkSocket.open());
      using namespace = NetnsHandle.open(netnsPath);
      return new Host(home, inside({ namespace, home, act: () => NetlinkSocket.open() }));
    } catch (error) {
      home.close();
      throw error;
    }
  }

  private constructor(home: NetnsHandle, socket: NetlinkSocket) {
    this.home = home;
    this.socket = socket;
  }

  close(): void {
    this.socket.close();
    this.home.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
