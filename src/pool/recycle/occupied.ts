import type { Cancel } from '../ports/clock.js';
import type { Clock, Endpoints } from '../ports/index.js';
import { PROCESS_INSIDE, type Rejected, type Released } from './released.js';

/** How often it is checked whether the last process has ended, in milliseconds. */
const CHECK_MS = 1000;

interface OccupiedOptions {
  readonly endpoints: Pick<Endpoints, 'users'>;
  readonly clock: Clock;
  /** Checks have ended; these endpoints are empty, and are to be replaced. */
  readonly emptied: (rejected: readonly Rejected[]) => void;
}

/**
 * Released endpoints with a process inside. They are kept until it has ended: to destroy one would take the network away
 * from a running container.
 */
export class Occupied {
  readonly #options: OccupiedOptions;
  readonly #waiting: Released[] = [];
  #cancel: Cancel | null = null;
  #checking: Promise<void> | null = null;
  #closed = false;

  constructor(options: OccupiedOptions) {
    this.#options = options;
  }

  add(released: Released): void {
    this.#waiting.push(released);
    this.#schedule();
  }

  /** Those with a process inside; all of them where that cannot be found out. */
  async among(released: readonly Released[]): Promise<Set<Released>> {
    if (released.length === 0) return new Set();
    try {
      const users = await this.#options.endpoints.users(released.map(({ netnsInode }) => netnsInode));
      return new Set(released.filter((_, position) => (users[position]?.length ?? 0) > 0));
    } catch {
      return new Set(released);
    }
  }

  /** Checks nothing any more. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Resolves when no check is under way. */
  async idle(): Promise<void> {
    await this.#checking;
  }

  /** After `close` and `idle`: takes all of them. */
  remove(): Released[] {
    return this.#waiting.splice(0);
  }

  #schedule(): void {
    if (this.#closed || this.#cancel !== null || this.#checking !== null || this.#waiting.length === 0) return;
    this.#cancel = this.#options.clock.after(CHECK_MS, () => {
      this.#cancel = null;
      this.#checking = this.#check(this.#waiting.splice(0)).finally(() => {
        this.#checking = null;
        this.#schedule();
      });
    });
  }

  async #check(waiting: readonly Released[]): Promise<void> {
    const occupied = await this.among(waiting);
    for (const released of waiting) if (occupied.has(released)) this.add(released);
    const empty = waiting.filter((released) => !occupied.has(released));
    this.#options.emptied(empty.map(({ endpoint }) => ({ endpoint, reason: PROCESS_INSIDE })));
  }
}
