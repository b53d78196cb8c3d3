import { toNetnsdError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Endpoint } from '../stock/endpoint-table.js';
import { Fifo } from '../stock/fifo.js';
import type { Endpoints, PoolSettings, VerifyWay } from '../types.js';
import { type Past, type Reason, type Way, wayOf } from './recycle.js';
import { builtOf } from './sealer.js';

/** A released endpoint, and whether its holder is surely out of it. */
export interface Released {
  readonly endpoint: Endpoint;
  readonly past: Past;
  /** The namespace that its holder is in: its own, or the one that it was grafted into. */
  readonly netnsInode: number;
  readonly empty: boolean;
}

export interface RecyclerHooks {
  /** It may be used again; `sealed` if it has a fresh seal. */
  clean(endpoint: Endpoint, way: VerifyWay | 'reuse', sealed: boolean): void;
  replace(endpoint: Endpoint, reason: Reason): void;
  /** Whether somebody waits for an endpoint, or took one just now, so that others may be about to. */
  isWanted(): boolean;
  /** All of one request are settled; `lost` if any of them does not become ready at once, as was hoped. */
  settled(lost: boolean): void;
}

interface RecyclerOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly isBusy?: (() => boolean) | undefined;
  readonly hooks: RecyclerHooks;
}

/** Endpoints that one request looks at: one walk over /proc serves them all. */
const BATCH = 128;
/** The same while endpoints are scarce: whoever waits gets the first of them after some milliseconds. */
const SCARCE_BATCH = 8;
const SCARCE_CONCURRENCY = 2;
/** How long after somebody had to wait nothing is put off, in milliseconds. */
const SCARCE_MS = 10_000;
/** Requests at once: one that waits for sockets to end does not hold up the next. */
const CONCURRENCY = 4;
/** How often it is looked whether the last process has left, in milliseconds. */
const OCCUPIED_LOOK_MS = 1000;
/**
 * How long an endpoint that nobody waits for lets others have a busy machine's processors, and how often it is looked whether
 * it still has to, in milliseconds.
 */
const LONGEST_YIELD_MS = 1000;
const YIELD_LOOK_MS = 25;
/** A busy machine pauses now and then: so many looks in a row have to find processors free. */
const QUIET_LOOKS = 2;
const FORCED: Reason = { kind: 'process inside', text: 'it was released while a process was inside' };

/**
 * Owns the endpoints that were released and are not judged yet: they are looked at, or wait until the last process inside
 * has ended, since an endpoint that is destroyed under a container takes its network away. Containers that start go before:
 * while the processors have more to do than they can, what was released gathers, and is then looked at together, which
 * takes a quarter of the time that one by one does.
 */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #queue = new Fifo<Released>();
  readonly #occupied: Released[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #verifying = 0;
  #yieldingSinceMs: number | null = null;
  #quietLooks = 0;
  #awaitedMs = Number.NEGATIVE_INFINITY;
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
  remove(): Endpoint[] {
    return [...this.#queue, ...this.#occupied.splice(0)].map(({ endpoint }) => endpoint);
  }

  #wayOf({ past }: Released): Way {
    const { recycle, unknownSpec: trust } = this.#options.settings;
    return wayOf(recycle, trust, past);
  }

  #start(): void {
    if (this.#closed || this.#cancelStart !== null || this.#queue.size === 0) return;
    if (this.#underWay.size >= (this.#isScarce() ? SCARCE_CONCURRENCY : CONCURRENCY)) return;
    this.#cancelStart = this.#options.clock.soon(() => this.#begin());
  }

  /** Somebody waits: what was put off is put off no longer. */
  hurry(): void {
    this.#awaitedMs = this.#options.clock.monotonicMs();
    if (this.#yieldingSinceMs === null || this.#cancelStart === null) return;
    this.#cancelStart();
    this.#cancelStart = this.#options.clock.soon(() => this.#begin());
  }

  #begin(): void {
    this.#cancelStart = null;
    if (this.#mustYield()) {
      this.#cancelStart = this.#options.clock.after(YIELD_LOOK_MS, () => this.#begin());
      return;
    }
    this.#yieldingSinceMs = null;
    const work: Promise<void> = this.#request().finally(() => {
      this.#underWay.delete(work);
      this.#start();
    });
    this.#underWay.add(work);
    this.#start();
  }

  #isScarce(): boolean {
    return this.#options.clock.monotonicMs() - this.#awaitedMs < SCARCE_MS;
  }

  #mustYield(): boolean {
    const { clock, hooks, isBusy } = this.#options;
    if (isBusy === undefined || hooks.isWanted() || this.#isScarce()) return false;
    this.#quietLooks = isBusy() ? 0 : this.#quietLooks + 1;
    // Where nothing was put off, nothing shows that others are about to go on.
    if (this.#quietLooks >= (this.#yieldingSinceMs === null ? 1 : QUIET_LOOKS)) return false;
    const nowMs = clock.monotonicMs();
    this.#yieldingSinceMs ??= nowMs;
    return nowMs - this.#yieldingSinceMs < LONGEST_YIELD_MS;
  }

  async #request(): Promise<void> {
    const asked: Released[] = [];
    const batch = this.#isScarce() ? SCARCE_BATCH : BATCH;
    while (asked.length < batch && this.#queue.size > 0) asked.push(this.#queue.shift() as Released);
    const ways = asked.map((released) => this.#wayOf(released));
    const looked = asked.flatMap((released, at) => {
      const { way } = ways[at] as Way;
      return way === 'seal' || way === 'proof' ? [{ released, way }] : [];
    });
    const rest = asked.filter((_, at) => !['seal', 'proof'].includes((ways[at] as Way).way));
    const lost = await Promise.all([this.#verify(looked), this.#letGo(rest)]);
    this.#options.hooks.settled(lost.includes(true));
  }

  /** True if one of them does not become ready. */
  async #verify(looked: readonly { released: Released; way: VerifyWay }[]): Promise<boolean> {
    if (looked.length === 0) return false;
    const { endpoints, hooks } = this.#options;
    const verdicts = await endpoints
      .verify(
        looked.map(({ released: { endpoint, past }, way }) => ({
          ...builtOf(endpoint),
          way,
          sealed: past.sealed,
          unprivileged: past.trust === 'unprivileged',
        })),
      )
      .catch((error: unknown) => toNetnsdError(error));
    this.#verifying -= looked.length;
    let lost = false;
    for (const [position, { released }] of looked.entries()) {
      const verdict = Array.isArray(verdicts)
        ? verdicts[position]
        : { clean: false as const, kind: 'error', text: verdicts.message };
      lost ||= verdict?.clean !== true;
      if (verdict?.clean) hooks.clean(released.endpoint, verdict.way, verdict.sealed);
      else if (verdict?.kind === FORCED.kind) this.#wait(released);
      else hooks.replace(released.endpoint, verdict ?? { kind: 'error', text: 'nobody looked' });
    }
    return lost;
  }

  /** Those that nobody looks into go at once, if nobody is inside. True if one was hoped for in vain. */
  async #letGo(rest: readonly Released[]): Promise<boolean> {
    let lost = false;
    const occupied = new Set(await this.#stillOccupied(rest.filter(({ empty }) => !empty)));
    for (const released of rest) {
      const { endpoint } = released;
      const way = this.#wayOf(released);
      if (way.way === 'reuse') this.#verifying -= 1;
      lost ||= way.way === 'reuse' && occupied.has(released);
      if (occupied.has(released)) this.#wait(released);
      else if (way.way === 'reuse') this.#options.hooks.clean(endpoint, 'reuse', false);
      else if (way.way === 'replace') this.#options.hooks.replace(endpoint, way.reason);
    }
    return lost;
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
      else this.#options.hooks.replace(released.endpoint, FORCED);
    }
    this.#options.hooks.settled(false);
  }
}
