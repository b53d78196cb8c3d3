import { setTimeout as delay } from 'node:timers/promises';
import type { NonBlockingWrite } from '../../kernel/process/log-output.js';

/** Lines that wait for a reader that is slow for a moment, at most. */
const LARGEST_QUEUE_BYTES = 256 * 1024;
const RETRY_MS = 100;

interface LogWriterOptions {
  readonly write: NonBlockingWrite;
  /** Called when lines can be written again, with the number of those that were dropped. */
  readonly onRecovered: (dropped: number) => void;
  readonly largestQueueBytes?: number;
}

/**
 * Writes log lines and never waits or throws: neither an unread pipe nor a full disk may stop the daemon. Lines that
 * cannot be written are queued and retried; what does not fit into the queue is dropped and counted.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #largestQueueBytes: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#largestQueueBytes = options.largestQueueBytes ?? LARGEST_QUEUE_BYTES;
  }

  /** Lines that were dropped since the log was last written to the end. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#queuedBytes > 0) this.#flush();
    if (this.#queuedBytes + bytes.length > this.#largestQueueBytes) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#flush();
  }

  /** Resolves when the queue is empty, or after `deadlineMs`. */
  async drain({ deadlineMs }: { deadlineMs: number }): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (this.#queuedBytes > 0 && performance.now() < end) {
      await delay(RETRY_MS / 10);
      this.#flush();
    }
  }

  #flush(): void {
    try {
      for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
        const taken = this.#options.write(first);
        this.#queuedBytes -= taken;
        if (taken < first.length) this.#queue[0] = first.subarray(taken);
        else this.#queue.shift();
      }
    } catch {
      // EAGAIN: the reader is slow. ENOSPC, EPIPE, EIO: the log is lost for now, and that is no reason to stop.
      this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS).unref();
      return;
    }
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#options.onRecovered(dropped);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#flush();
  }
}
