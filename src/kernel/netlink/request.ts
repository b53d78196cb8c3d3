import type { NetnsdError } from '../../errors.js';
import type { MessageWriter } from './message-writer.js';

/** One request to the kernel, as a value: the object files of this room make them, a socket sends them. */
export interface Request {
  /**
   * What is asked, to complete "cannot …": `create veth nd-k3f9-1`. A function where requests are many, since few fail; no getter,
   * which takes V8 as long to define as all else of a request.
   */
  readonly operation: string | (() => string);
  /** RTM_… type. */
  readonly type: number;
  /** Besides NLM_F_REQUEST, which is always set. */
  readonly flags: number;
  /** An errno by which the kernel says that there is nothing to do: counts as done. */
  readonly doneBy?: number;
  /** For a dump that may be very long: whether a reply is kept. Called with a view that is valid during the call only. */
  readonly isWanted?: (payload: Buffer) => boolean;
  write(writer: MessageWriter): void;
}

/** What became of one request; `replies` are the payloads of the kernel's messages, copied. */
export type Outcome =
  | { readonly ok: true; readonly replies: readonly Buffer[] }
  | { readonly ok: false; readonly error: NetnsdError };

/** What a request asks, in words. */
export function operationOf({ operation }: Pick<Request, 'operation'>): string {
  return typeof operation === 'string' ? operation : operation();
}
