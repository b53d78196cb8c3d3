import type { JobKind } from './thread-protocol.js';

/** In which order jobs of the kernel thread are done that do not run at once. */
type Rank = 'urgent' | 'refill' | 'idle';

interface Queued {
  readonly kind: JobKind;
  readonly input: unknown;
}

/** How long no build may have run before idle work begins, in milliseconds: the next request may be on its way. */
const QUIET_MS = 50;

/**
 * Builds one at a time: first those that a container waits for, then refill, then, when no build waits, seals. (Every seal
 * is a socket to which the kernel offers each announcement of any namespace, so the more there are, the slower the builds:
 * of 4 000 endpoints, four fifths of the time. The first few are sealed at once, so that there are offers on the shelf.)
 * Repairs wait as well: bridges are not made anew in the middle of a build, nor is a network removed in the middle of a repair. Everything else runs at once.
 * Hand-written: packages for queues have priorities, but not that idle work waits until it is quiet.
 */
export class JobQueue<J extends Queued> {
  readonly #jobs: Record<Rank, J[]> = { urgent: [], refill: [], idle: [] };
  readonly #sealsAreFew: () => boolean;
  #quietSinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: { sealsAreFew: () => boolean }) {
    this.#sealsAreFew = options.sealsAreFew;
  }

  /** Queues the job, or returns false where it runs at once. */
  add(job: J): boolean {
    const rank = this.#rankOf(job);
    if (rank !== null) this.#jobs[rank].push(job);
    return rank !== null;
  }

  /** The job that is next; undefined: none is, or only after `waitMs`. */
  next(nowMs: number): J | undefined {
    const build = this.#jobs.urgent.shift() ?? this.#jobs.refill.shift();
    if (build !== undefined) return build;
    return this.waitMs(nowMs) === 0 ? this.#jobs.idle.shift() : undefined;
  }

  /** How long until idle work may begin, if no build comes; null: there is none. */
  waitMs(nowMs: number): number | null {
    return this.#jobs.idle.length === 0 ? null : Math.max(0, this.#quietSinceMs + QUIET_MS - nowMs);
  }

  /** A job has been done. */
  done({ kind }: J, nowMs: number): void {
    if (kind === 'build') this.#quietSinceMs = nowMs;
  }

  #rankOf({ kind, input }: J): Rank | null {
    if (kind === 'build') return (input as { urgent: boolean }).urgent ? 'urgent' : 'refill';
    if (kind === 'repair' || kind === 'removeNetwork') return 'urgent';
    return kind === 'seal' && !this.#sealsAreFew() ? 'idle' : null;
  }
}
