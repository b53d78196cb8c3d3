import type { MessageWriter } from '../../netlink/message-writer.js';
import { NLM_F } from '../../netlink/protocol.js';
import type { Request } from '../../netlink/request.js';
import { IFLA, IFLA_BR, IFLA_INFO, RTM, VETH_INFO_PEER } from '../messages.js';

export interface VethEnd {
  readonly name: string;
  readonly mac: readonly number[];
  readonly mtuBytes: number;
}

function vethEnd(writer: MessageWriter, end: VethEnd): void {
  writer.string(IFLA.IFNAME, end.name);
  // The MAC is part of the request that makes the link: udev's MACAddressPolicy leaves an address alone that was set so.
  writer.attribute(IFLA.ADDRESS, end.mac);
  writer.u32(IFLA.MTU, end.mtuBytes);
  // One queue each: by default a veth gets one per possible CPU, and each costs memory and time.
  writer.u32(IFLA.NUM_TX_QUEUES, 1);
  writer.u32(IFLA.NUM_RX_QUEUES, 1);
}

/**
 * `ip link add HOST [index INDEX] address MAC mtu MTU numtxqueues 1 numrxqueues 1 type veth peer name PEER … netns FD`:
 * a pair whose peer is born inside another namespace (or in the same one: null). The reply is the host's link (`parseLink`): its `peerIndex` is the
 * index of the peer there.
 */
export function createVeth(options: {
  host: VethEnd;
  peer: VethEnd;
  peerNetnsFd: number | null;
  index?: number;
}): Request {
  const { host, peer, peerNetnsFd, index = 0 } = options;
  return {
    operation: () => `create veth ${host.name} with peer ${peer.name}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL | NLM_F.ECHO,
    write(writer) {
      writer.linkHeader({ index });
      vethEnd(writer, host);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.KIND, 'veth');
        writer.nested(IFLA_INFO.DATA, () =>
          writer.nested(VETH_INFO_PEER, () => {
            writer.linkHeader({});
            vethEnd(writer, peer);
            if (peerNetnsFd !== null) writer.u32(IFLA.NET_NS_FD, peerNetnsFd);
          }),
        );
      });
    },
  };
}

/**
 * `ip link add NAME address MAC mtu MTU type bridge stp_state 0 mcast_snooping 0`. Without multicast snooping the bridge
 * joins no snooper group, and so floods no report of its own to every port.
 */
export function createBridge(options: { name: string; mac: readonly number[]; mtuBytes: number }): Request {
  return {
    operation: () => `create bridge ${options.name}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    write(writer) {
      writer.linkHeader({});
      writer.string(IFLA.IFNAME, options.name);
      writer.attribute(IFLA.ADDRESS, options.mac);
      writer.u32(IFLA.MTU, options.mtuBytes);
      writer.nested(IFLA.LINKINFO, () => {
        writer.string(IFLA_INFO.KIND, 'bridge');
        writer.nested(IFLA_INFO.DATA, () => {
          writer.u32(IFLA_BR.STP_STATE, 0);
          writer.u8(IFLA_BR.MCAST_SNOOPING, 0);
        });
      });
    },
  };
}
