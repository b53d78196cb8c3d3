import { toNetnsdError } from '../errors.js';
import type { Cancel, Clock } from './clock.js';
import type { Slot } from './endpoint-table.js';
import { Fifo } from './fifo.js';
import { type Past, type Reason, type Way, wayOf } from './recycle.js';
import { builtOf } from './sealer.js';
import type { Endpoints, PoolSettings, VerifyWay } from './types.js';

/** A released endpoint, and whether its holder is surely out of it. */
export interface Released {
  readonly slot: Slot;
  readonly past: Past;
  /** The namespace that its holder is in: its own, or the one that it was grafted into. */
  readonly netnsInode: number;
  readonly empty: boolean;
}

export interface RecyclerHooks {
  /** It may be used again; `sealed` if it has a fresh seal. */
  clean(slot: Slot, way: VerifyWay | 'reuse', sealed: boolean): void;
  replace(slot: Slot, reason: Reason): void;
  /** All of one request are settled. */
  settled(): void;
}

interface RecyclerOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly hooks: RecyclerHooks;
}

/** Endpoints that one request looks at: one walk over /proc serves them all. */
const BATCH = 128;
/** Requests at once: one that waits for sockets to end does not hold up the next. */
const CONCURRENCY = 4;
/** How often it is looked whether the last process has left, in milliseconds. */
const OCCUPIED_LOOK_MS = 1000;
const FORCED: Reason = { kind: 'process inside', text: 'it was released while a process was inside' };

/**
 * Owns the endpoints that were released and are not judged yet: they are looked at, or wait until the last process inside
 * has ended, since an endpoint that is destroyed under a container takes its network away.
 */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #queue = new Fifo<Released>();
  readonly #occupied: Released[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #verifying = 0;
  #cancelStart: Cancel | null = null;
  #cancelLook: Cancel | null = null;
  #closed = false;

  constructor(options: RecyclerOptions) {
    this.#options = options;
  }

  /** How many may become ready again soon. */
  get hopeful(): number {
    return this.#verifying;
  }

  add(released: Released): void {
    this.#queue.push(released);
    if (this.#wayOf(released).way !== 'replace') this.#verifying += 1;
    this.#start();
  }

  /** Starts nothing any more: what is queued keeps its record, for the next start. */
  close(): void {
    this.#closed = true;
    this.#cancelStart?.();
    this.#cancelLook?.();
    this.#cancelStart = null;
    this.#cancelLook = null;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** After `close` and `idle`: everything that was not judged. */
  remove(): Slot[] {
    return [...this.#queue, ...this.#occupied.splice(0)].map(({ slot }) => slot);
  }

  #wayOf({ past }: Released): Way {
    const { recycle, trust } = this.#options.settings;
    return wayOf(recycle, trust, past);
  }

  #start(): void {
    if (this.#closed || this.#cancelStart !== null || this.#queue.size === 0) return;
    if (this.#underWay.size >= CONCURRENCY) return;
    this.#cancelStart = this.#options.clock.soon(() => {
      this.#cancelStart = null;
      const work: Promise<void> = this.#request().finally(() => {
        this.#underWay.delete(work);
        this.#start();
      });
      this.#underWay.add(work);
      this.#start();
    });
  }

  async #request(): Promise<void> {
    const asked: Released[] = [];
    while (asked.length < BATCH && this.#queue.size > 0) asked.push(this.#queue.shift() as Released);
    const ways = asked.map((released) => this.#wayOf(released));
    const looked = asked.flatMap((released, at) => {
      const { way } = ways[at] as Way;
      return way === 'seal' || way === 'proof' ? [{ released, way }] : [];
    });
    const rest = asked.filter((_, at) => !['seal', 'proof'].includes((ways[at] as Way).way));
    await Promise.all([this.#verify(looked), this.#letGo(rest)]);
    this.#options.hooks.settled();
  }

  async #verify(looked: readonly { released: Released; way: VerifyWay }[]): Promise<void> {
    if (looked.length === 0) return;
    const { endpoints, hooks } = this.#options;
    const verdicts = await endpoints
      .verify(
        looked.map(({ released: { slot, past }, way }) => ({
          ...builtOf(slot),
          way,
          sealed: past.sealed,
          unprivileged: past.trust === 'unprivileged',
        })),
      )
      .catch((error: unknown) => toNetnsdError(error));
    this.#verifying -= looked.length;
    for (const [position, { released }] of looked.entries()) {
      const verdict = Array.isArray(verdicts)
        ? verdicts[position]
        : { clean: false as const, kind: 'error', text: verdicts.message };
      if (verdict?.clean) hooks.clean(released.slot, verdict.way, verdict.sealed);
      else if (verdict?.kind === FORCED.kind) this.#wait(released);
      else hooks.replace(released.slot, verdict ?? { kind: 'error', text: 'nobody looked' });
    }
  }

  /** Those that nobody looks into go at once, if nobody is inside. */
  async #letGo(rest: readonly Released[]): Promise<void> {
    const occupied = new Set(await this.#stillOccupied(rest.filter(({ empty }) => !empty)));
    for (const released of rest) {
      const { slot } = released;
      const way = this.#wayOf(released);
      if (way.way === 'reuse') this.#verifying -= 1;
      if (occupied.has(released)) this.#wait(released);
      else if (way.way === 'reuse') this.#options.hooks.clean(slot, 'reuse', false);
      else if (way.way === 'replace') this.#options.hooks.replace(slot, way.reason);
    }
  }

  /** Those with a process inside; where that cannot be found out, all of them. */
  async #stillOccupied(asked: readonly Released[]): Promise<Released[]> {
    if (asked.length === 0) return [];
    try {
      const users = await this.#options.endpoints.users(asked.map(({ netnsInode }) => netnsInode));
      return asked.filter((_, position) => (users[position]?.length ?? 0) > 0);
    } catch {
      return [...asked];
    }
  }

  #wait(released: Released): void {
    this.#occupied.push(released);
    if (this.#closed) return;
    this.#cancelLook ??= this.#options.clock.after(OCCUPIED_LOOK_MS, () => {
      this.#cancelLook = null;
      const work: Promise<void> = this.#lookAgain(this.#occupied.splice(0)).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    });
  }

  async #lookAgain(waiting: readonly Released[]): Promise<void> {
    const occupied = new Set(await this.#stillOccupied(waiting));
    for (const released of waiting) {
      if (occupied.has(released)) this.#wait(released);
      else this.#options.hooks.replace(released.slot, FORCED);
    }
    this.#options.hooks.settled();
  }
}
