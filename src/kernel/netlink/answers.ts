import type { NetnsdError } from '../../errors.js';
import { errnoOf, kernelError } from '../errno.js';
import { receiveDatagram } from '../libc.js';
import { readAttributes, readString } from './message-reader.js';
import { HEADER_BYTES, NLM_F, NLMSG } from './protocol.js';
import { type Outcome, operationOf, type Request } from './request.js';

const NLMSGERR_ATTR_MSG = 1;
/** A dump comes in pieces of at most 32 KB (net/netlink/af_netlink.c). */
const RECEIVE_BYTES = 64 * 1024;
const EINTR = 4;
const ENOBUFS = 105;
const NOTHING: Outcome = { ok: true, replies: [] };
/** One for all sockets of the thread: what counts is copied out before the next one is read. */
const buffer = Buffer.alloc(RECEIVE_BYTES);

/** The kernel's answers to requests `from` up to `to`, which were sent together; the first bears the number `first`. */
export class Answers {
  readonly #fd: number;
  readonly #requests: readonly Request[];
  readonly #from: number;
  readonly #first: number;
  readonly #outcomes: Outcome[];
  #complete = false;

  constructor(options: { fd: number; requests: readonly Request[]; from: number; to: number; first: number }) {
    this.#fd = options.fd;
    this.#requests = options.requests;
    this.#from = options.from;
    this.#first = options.first;
    this.#outcomes = new Array(options.to - options.from).fill(NOTHING);
  }

  /** Throws kernel_error where answers are lost. */
  read(): Outcome[] {
    let lost: unknown;
    while (!this.#complete) {
      try {
        const length = receiveDatagram(this.#fd, buffer);
        if (length === undefined) break;
        this.#take(length);
      } catch (error) {
        // The queue was full (netlink(7)): what is in it is of no use any more, and is read so that the socket can go on.
        if (errnoOf(error) !== 'ENOBUFS') throw error;
        lost = error;
      }
    }
    if (this.#complete && lost === undefined) return this.#outcomes;
    const operation = operationOf(this.#requests[this.#from] as Request);
    throw kernelError({ operation, errno: ENOBUFS, extendedAck: 'the answers are lost' });
  }

  #take(length: number): void {
    for (let at = 0; at + HEADER_BYTES <= length; ) {
      const messageLength = buffer.readUInt32LE(at);
      if (messageLength < HEADER_BYTES || at + messageLength > length) return;
      const position = (buffer.readUInt32LE(at + 8) - this.#first) >>> 0;
      // What was sent before and given up is answered late.
      if (position < this.#outcomes.length) this.#note(position, at, at + messageLength);
      at += (messageLength + 3) & ~3;
    }
  }

  #note(position: number, at: number, end: number): void {
    const type = buffer.readUInt16LE(at + 4);
    const flags = buffer.readUInt16LE(at + 6);
    const request = this.#requests[this.#from + position] as Request;
    if (flags & NLM_F.DUMP_INTR) this.#fail(position, kernelError({ operation: operationOf(request), errno: EINTR }));
    if (type === NLMSG.ERROR || type === NLMSG.DONE) {
      const errno = end - at < HEADER_BYTES + 4 ? 0 : -buffer.readInt32LE(at + HEADER_BYTES);
      if (errno !== 0 && errno !== request.doneBy) {
        const extendedAck = wordsOf({ type, flags, payload: buffer.subarray(at + HEADER_BYTES, end) });
        this.#fail(position, kernelError({ operation: operationOf(request), errno, extendedAck }));
      }
      this.#complete ||= position === this.#outcomes.length - 1;
      return;
    }
    const outcome = this.#outcomes[position];
    if (outcome?.ok !== true) return;
    const view = buffer.subarray(at + HEADER_BYTES, end);
    if (request.isWanted?.(view) === false) return;
    const payload = Buffer.from(view);
    if (outcome === NOTHING) this.#outcomes[position] = { ok: true, replies: [payload] };
    else (outcome.replies as Buffer[]).push(payload);
  }

  #fail(position: number, error: NetnsdError): void {
    this.#outcomes[position] = { ok: false, error };
  }
}

/** The text of the extended acknowledgement behind struct nlmsgerr, or behind the error in NLMSG_DONE. */
function wordsOf({ type, flags, payload }: { type: number; flags: number; payload: Buffer }): string | undefined {
  if ((flags & NLM_F.ACK_TLVS) === 0) return undefined;
  const capped = (flags & NLM_F.CAPPED) !== 0;
  const echoed = type === NLMSG.DONE ? 0 : capped ? HEADER_BYTES : (payload.readUInt32LE(4) + 3) & ~3;
  return readString(readAttributes(payload.subarray(4 + echoed)).get(NLMSGERR_ATTR_MSG));
}
