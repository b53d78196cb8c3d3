import { NLM_F } from '../netlink/protocol.js';
import type { Request } from '../netlink/request.js';
import { RTM, TCA, TCA_TBF } from './messages.js';

const TC_H_ROOT = 0xffff_ffff;
/**
 * Fixed, so that all endpoints of a pool look alike: the kernel would take the next number that is free on the machine. netnsd-cni has another one
 * for what a pod wants for itself (rtnetlink.c).
 */
const HANDLE = 0x8001_0000;
const TC_LINKLAYER_ETHERNET = 1;
const U32_MAX = 0xffff_ffff;
/** How long a full queue takes to be sent, and how much may be sent at once after a pause, as time at the rate, in seconds. */
const QUEUE_SECONDS = 0.025;
const BURST_SECONDS = 0.01;
/** At low rates: as many packets. */
const QUEUE_PACKETS = 64;
const BURST_PACKETS = 4;

/** `tc qdisc show dev INDEX root`; one reply, which the kernel sends to who asks for an echo (qdisc_notify of net/sched/sch_api.c). */
export function getRate(linkIndex: number): Request {
  return {
    operation: () => `read the rate limit of link ${linkIndex}`,
    type: RTM.GETQDISC,
    flags: NLM_F.ECHO,
    write: (writer) => writer.bytes(messageHeader(linkIndex, 0)),
  };
}

/** Whether the reply to `getRate` is a limit that `limitRate` made. Pure. */
export function isLimitOfPool(reply: Buffer): boolean {
  return reply.length >= 12 && reply.readUInt32LE(8) === HANDLE;
}

/** struct tcmsg: family and padding, ifindex, handle, parent, info */
function messageHeader(linkIndex: number, handle: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32LE(linkIndex, 4);
  header.writeUInt32LE(handle, 8);
  header.writeUInt32LE(TC_H_ROOT, 12);
  return header;
}

/**
 * `tc qdisc replace dev INDEX root handle 8001: tbf rate RATE burst … limit …`: what leaves the link has at most this rate, frames with
 * their Ethernet headers. struct tc_tbf_qopt of include/uapi/linux/pkt_sched.h. A packet of several segments that is larger than the
 * burst is sent segment by segment (tbf_segment of net/sched/sch_tbf.c).
 */
export function limitRate(options: { linkIndex: number; bitsPerSecond: number; mtuBytes: number }): Request {
  const { linkIndex, bitsPerSecond, mtuBytes } = options;
  const rate = Math.round(bitsPerSecond / 8);
  const frame = mtuBytes + 18;
  const burst = Math.min(U32_MAX, Math.max(BURST_PACKETS * frame, Math.round(rate * BURST_SECONDS)));
  const limit = Math.min(U32_MAX, Math.max(QUEUE_PACKETS * frame, Math.round(rate * QUEUE_SECONDS)));
  return {
    operation: () => `limit the rate of link ${linkIndex} to ${bitsPerSecond} bit/s`,
    type: RTM.NEWQDISC,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    write(writer) {
      writer.bytes(messageHeader(linkIndex, HANDLE));
      writer.string(TCA.KIND, 'tbf');
      writer.nested(TCA.OPTIONS, () => {
        // struct tc_tbf_qopt: two struct tc_ratespec of 12 bytes, limit, buffer, mtu
        const parameters = Buffer.alloc(36);
        parameters.writeUInt8(TC_LINKLAYER_ETHERNET, 1);
        parameters.writeUInt32LE(Math.min(rate, U32_MAX), 8);
        parameters.writeUInt32LE(limit, 24);
        writer.attribute(TCA_TBF.PARMS, parameters);
        writer.u32(TCA_TBF.BURST, burst);
        const wide = Buffer.alloc(8);
        wide.writeBigUInt64LE(BigInt(rate));
        writer.attribute(TCA_TBF.RATE64, wide);
      });
    },
  };
}
