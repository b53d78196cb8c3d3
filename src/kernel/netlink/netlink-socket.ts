import { Flags, FlagsGet, RawNetlinkSocket } from 'netlink';
import { type ErrorDetails, NetnsdError } from '../../errors.js';
import { errnoName, errnoOf, kernelError } from '../errno.js';
import { lowestFreeFd, netlinkPort, setIntegerOption } from '../libc.js';
import { socketFd } from '../process/process-fds.js';
import { type NetlinkMessage, readAttributes, readMessages, readString } from './message-reader.js';
import { MessageWriter } from './message-writer.js';

/** One request to the kernel, as a value: the object files of this room make them, a socket sends them. */
export interface Request {
  /** What is asked, as a sentence part for errors: `create veth nd-k3f9-1`. */
  readonly operation: string;
  /** RTM_… type. */
  readonly type: number;
  /** Besides NLM_F_REQUEST, which is always set. */
  readonly flags: number;
  /** An errno by which the kernel says that there is nothing to do: counts as done. */
  readonly doneBy?: number;
  write(writer: MessageWriter): void;
}

export type Outcome =
  | { readonly ok: true; readonly replies: readonly Buffer[] }
  | { readonly ok: false; readonly error: NetnsdError };

interface Pending {
  readonly requests: readonly Request[];
  readonly firstSeq: number;
  readonly outcomes: (NetnsdError | Buffer[])[];
  readonly settle: (failure: NetnsdError | null) => void;
}

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const RECEIVE_BYTES = 4 * 1024 * 1024;
const DUMP_ATTEMPTS = 5;
/** Below the default SO_SNDBUF of 212 992 bytes, and short enough not to hold rtnl for long. */
const SEND_BYTES = 32 * 1024;

/**
 * A netlink socket that stays in the network namespace in which it was opened.
 *
 * Requests are pipelined: many go in one send, the kernel works through them in order inside sendmsg(2), and only the
 * last asks for an acknowledgement, since a failure is reported unasked (netlink(7)). Every send has a deadline, `close`
 * rejects what is in flight, and an interrupted dump is tried again.
 */
export class NetlinkSocket {
  readonly #socket: RawNetlinkSocket;
  readonly #deadlineMs: number;
  readonly #pending: Pending[] = [];
  #writer = new MessageWriter();
  #seq = 1;
  #dumping: Promise<void> = Promise.resolve();
  #closed = false;

  /** Opens a socket in the namespace of the calling thread. */
  static open(options: { protocol?: number; deadlineMs?: number } = {}): NetlinkSocket {
    return new NetlinkSocket(options.protocol ?? 0, options.deadlineMs ?? 10_000);
  }

  private constructor(protocol: number, deadlineMs: number) {
    const guess = lowestFreeFd();
    try {
      this.#socket = new RawNetlinkSocket(protocol);
    } catch (error) {
      const errno = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : 0;
      throw kernelError({ operation: 'open a netlink socket', errno });
    }
    this.#deadlineMs = deadlineMs;
    try {
      this.#configure(guess);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    // A socket that waits for nobody must not keep the process alive.
    this.#socket.unref();
    this.#socket.on('message', (datagram) => this.#receive(datagram));
    this.#socket.on('error', (error) => this.#fail(this.#translate(error)));
  }

  #configure(guess: number): void {
    // The package hides its descriptor; the port tells which one it is.
    const { port } = this.#socket.address();
    const fd = netlinkPort(guess) === port ? guess : socketFd((candidate) => netlinkPort(candidate) === port);
    for (const name of [NETLINK_EXT_ACK, NETLINK_CAP_ACK]) setIntegerOption({ fd, level: SOL_NETLINK, name, value: 1 });
    // All replies to a send are queued before the first is read: the default of 212 992 bytes holds some 50 links.
    const size = { fd, level: SOL_SOCKET, value: RECEIVE_BYTES };
    try {
      setIntegerOption({ ...size, name: SO_RCVBUFFORCE });
    } catch (error) {
      // In a user namespace of its own, root may not go beyond net.core.rmem_max.
      if (errnoOf(error) !== 'EPERM') throw error;
      setIntegerOption({ ...size, name: SO_RCVBUF });
    }
  }

  /** Sends all in order and settles each; a failure does not keep the later ones from being tried. */
  async transact(requests: readonly Request[]): Promise<Outcome[]> {
    const sends: Promise<Outcome[]>[] = [];
    for (let start = 0; start < requests.length; ) {
      const firstSeq = this.#seq;
      let end = start;
      while (end < requests.length && (end === start || this.#writer.lengthBytes < SEND_BYTES)) {
        this.#write(requests[end] as Request, 0);
        end += 1;
      }
      this.#writer.addFlags(Flags.ACK);
      sends.push(this.#send(requests.slice(start, end), firstSeq, this.#writer.take()));
      start = end;
    }
    return (await Promise.all(sends)).flat();
  }

  /** One request; throws its error. */
  async request(request: Request): Promise<readonly Buffer[]> {
    const [outcome] = await this.transact([request]);
    if (outcome === undefined) throw new NetnsdError('internal', `no outcome of: ${request.operation}`);
    if (!outcome.ok) throw outcome.error;
    return outcome.replies;
  }

  /** All that the kernel lists; taken again while it says that the list changed meanwhile (NLM_F_DUMP_INTR). */
  dump(request: Request): Promise<readonly Buffer[]> {
    // A socket has one dump at a time, and is told EBUSY for a second one (netlink_dump_start of net/netlink/af_netlink.c).
    const dump = this.#dumping.then(() => this.#dumpWhole(request));
    this.#dumping = dump.then(
      () => undefined,
      () => undefined,
    );
    return dump;
  }

  async #dumpWhole(request: Request): Promise<readonly Buffer[]> {
    for (let attempt = 1; ; attempt++) {
      const [outcome] = await this.dumpOnce(request);
      if (outcome?.ok) return outcome.replies;
      const error = outcome?.error ?? new NetnsdError('internal', `no outcome of: ${request.operation}`);
      if (errnoOf(error) !== 'EINTR' || attempt === DUMP_ATTEMPTS) throw error;
    }
  }

  /** One try of a dump. Not private, since the crash tests replace it: see test/crash/faults. */
  protected dumpOnce(request: Request): Promise<Outcome[]> {
    const firstSeq = this.#seq;
    this.#write(request, FlagsGet.ROOT | FlagsGet.MATCH);
    return this.#send([request], firstSeq, this.#writer.take());
  }

  /** Rejects what is in flight and closes the descriptor; again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(new NetnsdError('kernel_error', 'the netlink socket was closed', { details: { errno: 'ECANCELED' } }));
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(request: Request, flags: number): void {
    this.#writer.begin({ type: request.type, flags: request.flags | flags | Flags.REQUEST, seq: this.#seq });
    request.write(this.#writer);
    this.#writer.end();
    this.#seq = (this.#seq + 1) >>> 0 || 1;
  }

  #send(requests: readonly Request[], firstSeq: number, datagram: Buffer): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new NetnsdError('kernel_error', 'the netlink socket is closed', { details: { errno: 'EBADF' } }));
        return;
      }
      const outcomes: (NetnsdError | Buffer[])[] = requests.map(() => []);
      const timer = setTimeout(() => this.#fail(this.#deadline(requests)), this.#deadlineMs);
      const settle = (failure: NetnsdError | null): void => {
        clearTimeout(timer);
        if (failure !== null) reject(failure);
        else
          resolve(
            outcomes.map((entry) =>
              entry instanceof NetnsdError ? { ok: false, error: entry } : { ok: true, replies: entry },
            ),
          );
      };
      if (this.#pending.length === 0) this.#socket.ref();
      this.#pending.push({ requests, firstSeq, outcomes, settle });
      this.#socket.send(datagram, {}, (error) => {
        if (error !== undefined && error !== null) this.#fail(this.#translate(error));
      });
    });
  }

  #receive(datagram: Buffer): void {
    for (const message of readMessages(datagram)) {
      // Not the first always: the kernel goes on with a dump as it is read, and answers what was sent later in between.
      const pending = this.#pending.find(({ firstSeq, requests }) => (message.seq - firstSeq) >>> 0 < requests.length);
      if (pending === undefined) continue;
      const position = (message.seq - pending.firstSeq) >>> 0;
      const last = position === pending.requests.length - 1;
      if (message.flags & NLM_F_DUMP_INTR) {
        pending.outcomes[position] = kernelError({
          operation: pending.requests[position]?.operation ?? 'dump',
          errno: 4,
        });
      }
      if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
        const failure = this.#failure(message, pending.requests[position] as Request);
        if (failure !== undefined) pending.outcomes[position] = failure;
        if (last) this.#finish(pending);
      } else {
        const outcome = pending.outcomes[position];
        if (Array.isArray(outcome)) outcome.push(message.payload);
      }
    }
  }

  #finish(pending: Pending): void {
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    if (this.#pending.length === 0) this.#socket.unref();
    pending.settle(null);
  }

  #fail(error: NetnsdError): void {
    const failed = this.#pending.splice(0);
    if (failed.length > 0 && !this.#closed) this.#socket.unref();
    for (const pending of failed) pending.settle(error);
  }

  /** struct nlmsgerr, or the error in NLMSG_DONE, with the extended acknowledgement's text. */
  #failure({ type, flags, payload }: NetlinkMessage, request: Request): NetnsdError | undefined {
    const errno = payload.length < 4 ? 0 : -payload.readInt32LE(0);
    if (errno === 0 || errno === request.doneBy) return undefined;
    let extendedAck: string | undefined;
    if (flags & NLM_F_ACK_TLVS) {
      const capped = type === NLMSG_DONE || (flags & NLM_F_CAPPED) !== 0;
      const echoed = type === NLMSG_DONE ? 0 : capped ? 16 : (payload.readUInt32LE(4) + 3) & ~3;
      extendedAck = readString(readAttributes(payload.subarray(4 + echoed)).get(NLMSGERR_ATTR_MSG));
    }
    return kernelError({ operation: request.operation, errno, extendedAck });
  }

  #deadline(requests: readonly Request[]): NetnsdError {
    const operation = requests[0]?.operation ?? 'talk to the kernel';
    const message = `the kernel did not answer within ${this.#deadlineMs} ms: ${operation}`;
    return new NetnsdError('deadline_exceeded', message, { details: { operation, deadlineMs: this.#deadlineMs } });
  }

  #translate(error: Error & { errno?: number }): NetnsdError {
    const errno = Math.abs(error.errno ?? 0);
    const details: ErrorDetails = { requests: this.#pending.length, errnoName: errnoName(errno) };
    return kernelError({ operation: 'use the netlink socket', errno, details });
  }
}
