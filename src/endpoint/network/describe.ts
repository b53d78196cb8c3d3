import { fstatSync } from 'node:fs';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { addressDump, parseAddress } from '../../kernel/rtnetlink/address.js';
import { getLink, parseLink } from '../../kernel/rtnetlink/link.js';
import type { Host } from '../host.js';
import { CONTAINER_INTERFACE } from '../plan.js';

/** The interface that an endpoint gave to a namespace, as it is found there. */
export interface Inhabited {
  /** The process by which the namespace was entered, and the namespace's inode. */
  readonly pid: number;
  readonly inode: number;
  /** Index of the other end of the pair, at the host. */
  readonly hostIndex: number;
  readonly mac: string;
  readonly mtuBytes: number;
  /** CIDR. */
  readonly address: string;
}

/** Reads the interface in the namespaces of these processes; those without one, or that have ended, are left out. */
export function describeNamespaces(host: Host, pids: readonly number[]): Inhabited[] {
  return pids.flatMap((pid) => {
    try {
      using namespace = NetnsHandle.open(`/proc/${pid}/ns/net`);
      using socket = inside({ namespace, home: host.home, act: () => NetlinkSocket.open() });
      const link = parseLink(socket.request(getLink(CONTAINER_INTERFACE))[0] as Buffer);
      const own = socket
        .dumpNow(addressDump())
        .flatMap((payload) => parseAddress(payload) ?? [])
        .find(({ linkIndex }) => linkIndex === link.index);
      if (own === undefined || link.peerIndex === undefined || link.mac === undefined) return [];
      return [
        {
          pid,
          inode: fstatSync(namespace.fd).ino,
          hostIndex: link.peerIndex,
          mac: link.mac,
          mtuBytes: link.mtuBytes,
          address: `${[...own.address].join('.')}/${own.prefixLength}`,
        },
      ];
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      return [];
    }
  });
}
