import { fstatSync } from 'node:fs';
import { formatIpv6 } from '../../address/ipv6.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle, ThreadLostError } from '../../kernel/netns/netns.js';
import { addressDump, parseAddress } from '../../kernel/rtnetlink/address.js';
import { type Link, linkDump, parseLink } from '../../kernel/rtnetlink/link.js';
import { AF_INET, AF_INET6 } from '../../kernel/rtnetlink/messages.js';
import type { Host } from '../host.js';

/** The interface that an endpoint gave to a namespace, as it is found there. */
export interface Inhabited {
  /** The process by which the namespace was entered, and the namespace's inode. */
  readonly pid: number;
  readonly inode: number;
  /** Index of the other end of the pair, at the host. */
  readonly hostIndex: number;
  readonly interfaceName: string;
  readonly mac: string;
  readonly mtuBytes: number;
  /** CIDR. */
  readonly address: string;
  /** Of IPv6, if there is one that ends as the MAC does. */
  readonly address6: string | null;
}

/** Reads the veth links in the namespaces of these processes; namespaces of those that have ended are left out. */
export function describeNamespaces(host: Host, pids: readonly number[]): Inhabited[] {
  return pids.flatMap((pid) => {
    try {
      using namespace = NetnsHandle.open(`/proc/${pid}/ns/net`);
      using socket = inside({ namespace, home: host.home, act: () => NetlinkSocket.open() });
      const { ino: inode } = fstatSync(namespace.fd);
      const links = socket.dumpNow(linkDump({ kind: 'veth' })).map(parseLink);
      return links.flatMap((link) => describeLink(socket, link) ?? []).map((one) => ({ ...one, pid, inode }));
    } catch (error) {
      if (error instanceof ThreadLostError) throw error;
      return [];
    }
  });
}

function describeLink(socket: NetlinkSocket, link: Link): Omit<Inhabited, 'pid' | 'inode'> | undefined {
  const [own, own6] = [AF_INET, AF_INET6].map((family) =>
    socket
      .dumpNow(addressDump({ family }))
      .flatMap((payload) => parseAddress(payload) ?? [])
      .find(({ linkIndex, address }) => linkIndex === link.index && (family === AF_INET || isOf(link, address))),
  );
  if (own === undefined || link.peerIndex === undefined || link.mac === undefined) return undefined;
  return {
    hostIndex: link.peerIndex,
    interfaceName: link.name,
    mac: link.mac,
    mtuBytes: link.mtuBytes,
    address: `${[...own.address].join('.')}/${own.prefixLength}`,
    address6: own6 === undefined ? null : `${formatIpv6([...own6.address])}/${own6.prefixLength}`,
  };
}

/** As `planEndpoint` makes addresses; not the one of the link. */
function isOf({ mac }: Link, address: Buffer): boolean {
  const isLinkLocal = address[0] === 0xfe && address[1] === 0x80;
  return !isLinkLocal && mac?.replaceAll(':', '').endsWith(address.subarray(12).toString('hex')) === true;
}
