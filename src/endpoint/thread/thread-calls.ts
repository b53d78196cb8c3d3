import type { Worker } from 'node:worker_threads';
import { NetnsdError } from '../../errors.js';
import { fromPlainError, type JobKind, type Jobs, type ReplyMessage } from './thread-protocol.js';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Messages to the kernel thread, and its answers to them. */
export class ThreadCalls {
  /** Why no more can be asked of it; undefined while it runs. */
  ended: NetnsdError | undefined;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #ticket = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: ReplyMessage) => this.#settle(reply));
    worker.on('error', (error) => this.#end(`the kernel thread failed: ${error.message}`, error));
    worker.on('exit', () => this.#end('the kernel thread has ended'));
  }

  /** Resolves with the answer. Rejects with what the thread answers, and with worker_failed where it has ended. */
  call<K extends JobKind>(kind: K, input: Jobs[K]['in']): Promise<Jobs[K]['out']> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      const ticket = this.#ticket++;
      this.#waiting.set(ticket, { resolve: (output) => resolve(output as Jobs[K]['out']), reject });
      this.#worker.postMessage({ ticket, kind, input });
    });
  }

  #settle({ ticket, output, error }: ReplyMessage): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (error === undefined) waiting?.resolve(output);
    else waiting?.reject(fromPlainError(error));
  }

  #end(message: string, cause?: unknown): void {
    this.ended ??= new NetnsdError('worker_failed', message, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.ended);
    this.#waiting.clear();
  }
}
