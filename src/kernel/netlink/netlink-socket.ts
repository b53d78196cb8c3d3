import { setTimeout as delay } from 'node:timers/promises';
import { NetnsdError } from '../../errors.js';
import { errnoOf, kernelError } from '../errno.js';
import { closeFd, openNetlink, sendDatagram } from '../libc.js';
import { Answers } from './answers.js';
import { MessageWriter } from './message-writer.js';
import { NETLINK_PROTOCOL, NLM_F } from './protocol.js';
import { type Outcome, operationOf, type Request } from './request.js';
import { acceptLongAnswers, checkStrictly, explainErrors } from './socket-options.js';

/** Below the default SO_SNDBUF of 212 992 bytes, and short enough not to hold rtnl for long. */
const SEND_BYTES = 32 * 1024;
/** How often an interrupted dump is taken again at once. */
const ATTEMPTS = 5;
/** How long it is taken again with pauses, and the longest of them, in milliseconds. */
const DUMP_DEADLINE_MS = 10_000;
const LONGEST_PAUSE_MS = 200;

/** NFNL_MSG_BATCH_BEGIN and _END, and NFNL_BATCH_GENID of include/uapi/linux/netfilter/nfnetlink.h. */
const BATCH = { BEGIN: 0x10, END: 0x11, GENERATION: 1 } as const;

/** One for all sockets of the thread: what is written is sent before anything else is written. */
const writer = new MessageWriter(2 * SEND_BYTES);

/**
 * A netlink socket that stays in the network namespace in which it was opened, and answers within the call.
 *
 * The kernel works through requests inside sendmsg(2), and their answers are there when it returns (netlink_rcv_skb of
 * net/netlink/af_netlink.c), so nothing is gained by an event loop: with that of the `netlink` package, whose constants
 * and parsers are used here, each send cost two turns of it. Requests are pipelined: many go in one send, and only the
 * last asks for an acknowledgement, since a failure is reported unasked (netlink(7)).
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  #seq = 1;
  #open = true;

  /**
   * Opens a socket in the namespace of the calling thread; it is the caller's to close. `many`: answers to hundreds of
   * requests fit; dumps take filters (`NETLINK_GET_STRICT_CHK`). Throws kernel_error (EPROTONOSUPPORT: the kernel lacks
   * the protocol).
   */
  static open(options: { protocol?: number; many?: boolean } = {}): NetlinkSocket {
    const { protocol = NETLINK_PROTOCOL.route, many = false } = options;
    const fd = openNetlink(protocol);
    try {
      explainErrors(fd);
      if (many) acceptLongAnswers(fd);
      if (many) checkStrictly(fd);
      return new NetlinkSocket(fd);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Sends all in order and settles each; a failure does not keep the later ones from being tried. Throws kernel_error
   * where the answers are lost (ENOBUFS) or the socket is closed: then nothing is known of any of them.
   */
  transact(requests: readonly Request[]): Outcome[] {
    if (requests.length === 0) return [];
    let outcomes = this.#send(requests, 0);
    while (outcomes.length < requests.length) outcomes = [...outcomes, ...this.#send(requests, outcomes.length)];
    return outcomes;
  }

  /**
   * Sends all as one transaction of nfnetlink, all or nothing: where one fails, or the rules are not those of `generation` any more (0:
   * whatever they are), none is carried out. The outcomes are those of the transaction and of each request. Throws as `transact`.
   */
  transactTogether(
    requests: readonly Request[],
    { subsystem, generation }: { subsystem: number; generation: number },
  ): Outcome[] {
    this.#assertOpen();
    const first = this.#seq;
    const all = [batchMark(BATCH.BEGIN, subsystem, generation), ...requests];
    for (const request of all) this.#write(request, 0);
    // Not of the end, to which kernels before 6.10 do not answer.
    writer.addFlags(NLM_F.ACK);
    this.#write(batchMark(BATCH.END, subsystem, 0), 0);
    this.#flush();
    return new Answers({ fd: this.#fd, requests: all, from: 0, to: all.length, first }).read();
  }

  /** One request; throws its error. */
  request(request: Request): readonly Buffer[] {
    const [outcome] = this.transact([request]);
    if (outcome === undefined) throw new NetnsdError('internal', `no outcome of: ${operationOf(request)}`);
    if (!outcome.ok) throw outcome.error;
    return outcome.replies;
  }

  /**
   * All that the kernel lists. A dump during which the list changed (NLM_F_DUMP_INTR) is taken again, with longer and
   * longer pauses, until a deadline of 10 s; then it throws kernel_error with EINTR.
   */
  async dump(request: Request): Promise<readonly Buffer[]> {
    const deadlineMs = performance.now() + DUMP_DEADLINE_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const [outcome] = this.dumpOnce(request);
      if (outcome?.ok) return outcome.replies;
      if (!isInterrupted(outcome) || performance.now() > deadlineMs) throw failureOf(outcome, request);
      await delay(pauseMs);
    }
  }

  /** The same without pauses, for a thread that stands in another namespace meanwhile; a few attempts, then EINTR. */
  dumpNow(request: Request): readonly Buffer[] {
    for (let attempt = 1; ; attempt += 1) {
      const [outcome] = this.dumpOnce(request);
      if (outcome?.ok) return outcome.replies;
      if (!isInterrupted(outcome) || attempt === ATTEMPTS) throw failureOf(outcome, request);
    }
  }

  /** One try of a dump. Not private, since the crash tests replace it: see test/crash/faults. */
  protected dumpOnce(request: Request): Outcome[] {
    this.#assertOpen();
    const first = this.#seq;
    this.#write(request, NLM_F.DUMP);
    this.#flush();
    return new Answers({ fd: this.#fd, requests: [request], from: 0, to: 1, first }).read();
  }

  /** Again does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Sends as many of the requests after the first `from` as go in one send, and returns their outcomes. */
  #send(requests: readonly Request[], from: number): Outcome[] {
    this.#assertOpen();
    const first = this.#seq;
    let to = from;
    while (to < requests.length && (to === from || writer.lengthBytes < SEND_BYTES)) {
      this.#write(requests[to] as Request, 0);
      to += 1;
    }
    writer.addFlags(NLM_F.ACK);
    this.#flush();
    return new Answers({ fd: this.#fd, requests, from, to, first }).read();
  }

  #write(request: Request, flags: number): void {
    writer.begin({ type: request.type, flags: request.flags | flags | NLM_F.REQUEST, seq: this.#seq });
    request.write(writer);
    writer.end();
    this.#seq = (this.#seq + 1) >>> 0 || 1;
  }

  #flush(): void {
    const { buffer, lengthBytes } = writer;
    writer.clear();
    sendDatagram(this.#fd, buffer, lengthBytes);
  }

  #assertOpen(): void {
    if (!this.#open)
      throw new NetnsdError('kernel_error', 'the netlink socket is closed', { details: { errno: 'EBADF' } });
  }
}

function batchMark(type: number, subsystem: number, generation: number): Request {
  return {
    operation: 'change the rules together',
    type,
    flags: 0,
    write(writer) {
      // struct nfgenmsg: any family, version 0, the subsystem in network order.
      writer.bytes([0, 0, 0, subsystem]);
      if (generation === 0) return;
      const number = Buffer.alloc(4);
      number.writeUInt32BE(generation);
      writer.attribute(BATCH.GENERATION, number);
    },
  };
}

function isInterrupted(outcome: Outcome | undefined): boolean {
  return outcome?.ok === false && errnoOf(outcome.error) === 'EINTR';
}

function failureOf(outcome: Outcome | undefined, request: Request): NetnsdError {
  return outcome?.ok === false ? outcome.error : kernelError({ operation: operationOf(request), errno: 0 });
}
