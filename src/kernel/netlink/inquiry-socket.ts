import { kernelError } from '../errno.js';
import { closeFd, openNetlink, receiveDatagram, sendDatagram } from '../libc.js';
import { readMessages } from './message-reader.js';
import { MessageWriter } from './message-writer.js';
import type { Request } from './netlink-socket.js';

export const NETLINK_PROTOCOL = { route: 0, xfrm: 6, netfilter: 12, generic: 16 } as const;

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** A dump comes in pieces of at most 32 KB (net/netlink/af_netlink.c). */
const RECEIVE_BYTES = 64 * 1024;
const ATTEMPTS = 5;
const buffer = Buffer.alloc(RECEIVE_BYTES);

/** One message of a reply: its type, and what follows the header. */
export interface Reply {
  readonly type: number;
  readonly payload: Buffer;
}

/**
 * A netlink socket for questions that the kernel answers within the call: opened, asked and closed in one synchronous
 * block, while the thread stands in the namespace that is looked at.
 */
export class InquirySocket {
  readonly #fd: number;
  readonly #writer = new MessageWriter(512);
  #seq = 1;

  /** Opens one in the namespace of the calling thread. Throws kernel_error (EPROTONOSUPPORT: the kernel lacks it). */
  constructor(protocol: number) {
    this.#fd = openNetlink(protocol);
  }

  /** All that the kernel lists. Throws kernel_error. */
  dump(request: Request): Reply[] {
    for (let attempt = 1; ; attempt += 1) {
      this.#send(request, NLM_F_DUMP);
      const { replies, interrupted } = this.#receive(request);
      if (!interrupted) return replies;
      if (attempt === ATTEMPTS) throw kernelError({ operation: request.operation, errno: 4 });
    }
  }

  /** One question or order, and what the kernel says to it. Throws kernel_error. */
  ask(request: Request): Reply[] {
    this.#send(request, NLM_F_ACK);
    return this.#receive(request).replies;
  }

  close(): void {
    closeFd(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(request: Request, flags: number): void {
    this.#writer.begin({ type: request.type, flags: NLM_F_REQUEST | request.flags | flags, seq: ++this.#seq });
    request.write(this.#writer);
    this.#writer.end();
    sendDatagram(this.#fd, this.#writer.take());
  }

  #receive({ operation }: Request): { replies: Reply[]; interrupted: boolean } {
    const replies: Reply[] = [];
    let interrupted = false;
    for (;;) {
      const length = receiveDatagram(this.#fd, buffer);
      if (length === undefined) throw kernelError({ operation, errno: 11 });
      for (const { type, flags, seq, payload } of readMessages(buffer.subarray(0, length))) {
        if (seq !== this.#seq) continue;
        interrupted ||= (flags & NLM_F_DUMP_INTR) !== 0;
        if (type === NLMSG_DONE || type === NLMSG_ERROR) {
          const errno = payload.length < 4 ? 0 : -payload.readInt32LE(0);
          if (errno !== 0) throw kernelError({ operation, errno });
          return { replies, interrupted };
        }
        replies.push({ type, payload: Buffer.from(payload) });
      }
    }
  }
}
