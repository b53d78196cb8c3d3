import { toNetnsdError } from '../../errors.js';
import { Deferral } from '../deferral.js';
import type { Endpoint } from '../endpoint.js';
import { Fifo } from '../fifo.js';
import type { Clock, Endpoints, Verdict, VerifyWay } from '../ports/index.js';
import type { PoolSettings } from '../settings.js';
import { Occupied } from './occupied.js';
import { type Way, wayOf } from './recycle.js';
import { builtOf, type Clean, PROCESS_INSIDE, type RecycleReport, type Rejected, type Released } from './released.js';

interface RecyclerOptions {
  readonly settings: PoolSettings;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly isBusy?: (() => boolean) | undefined;
  readonly report: (report: RecycleReport) => void;
}

/** Endpoints in one request: one walk over /proc serves them all. */
const BATCH = 128;
/** The same while endpoints are scarce: a client that waits gets the first of them after some milliseconds. */
const SCARCE_BATCH = 8;
const SCARCE_CONCURRENCY = 2;
/** How long endpoints count as scarce after a client had to wait, in milliseconds. */
const SCARCE_MS = 10_000;
/** Requests at once: one that waits for sockets to close does not hold up the next. */
const CONCURRENCY = 4;
/** How long after an acquire the next one is expected, in milliseconds. */
const BURST_MS = 100;
/** How long a released endpoint may wait for free processors, and how often they are checked, in milliseconds. */
const LONGEST_DEFERRAL_MS = 1000;
const DEFERRAL_CHECK_MS = 25;

/**
 * Recycles released endpoints: verifies them, or has them replaced. Containers that start go first: while processors are
 * short, released endpoints gather, and are then verified together, which takes a quarter of the time that one by one takes.
 */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #queue = new Fifo<Released>();
  readonly #occupied: Occupied;
  readonly #deferral: Deferral;
  readonly #underWay = new Set<Promise<void>>();
  #verifying = 0;
  #scarceUntilMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: RecyclerOptions) {
    const { endpoints, clock, isBusy = () => false, report } = options;
    this.#options = options;
    const emptied = (rejected: readonly Rejected[]) => report({ actor: 'recycler', clean: [], rejected, lost: false });
    this.#occupied = new Occupied({ endpoints, clock, emptied });
    this.#deferral = new Deferral({ clock, isBusy, longestMs: LONGEST_DEFERRAL_MS, checkMs: DEFERRAL_CHECK_MS });
  }

  /** How many may become ready again soon. */
  get verifying(): number {
    return this.#verifying;
  }

  add(released: Released): void {
    this.#queue.push(released);
    if (this.#wayOf(released).way !== 'replace') this.#verifying += 1;
    this.#start();
  }

  /** A client waits for an endpoint. */
  verifyNow(): void {
    this.#scarceUntilMs = this.#options.clock.monotonicMs() + SCARCE_MS;
    this.#deferral.runNow(SCARCE_MS);
  }

  /** A client took an endpoint; others may follow, and wait. */
  expectClients(): void {
    this.#deferral.expectClients(BURST_MS);
  }

  /** Starts nothing any more: what is queued keeps its record, for the next start. */
  close(): void {
    this.#closed = true;
    this.#deferral.cancel();
    this.#occupied.close();
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    await this.#occupied.idle();
  }

  /** After `close` and `idle`: everything that was not recycled. */
  remove(): Endpoint[] {
    return [...this.#queue, ...this.#occupied.remove()].map(({ endpoint }) => endpoint);
  }

  #wayOf({ usage }: Released): Way {
    const { recycle, unknownSpec } = this.#options.settings;
    return wayOf(recycle, unknownSpec, usage);
  }

  get #isScarce(): boolean {
    return this.#options.clock.monotonicMs() < this.#scarceUntilMs;
  }

  #start(): void {
    if (this.#closed || this.#queue.size === 0) return;
    if (this.#underWay.size >= (this.#isScarce ? SCARCE_CONCURRENCY : CONCURRENCY)) return;
    this.#deferral.schedule(() => {
      const work: Promise<void> = this.#request().finally(() => {
        this.#underWay.delete(work);
        this.#start();
      });
      this.#underWay.add(work);
      this.#start();
    });
  }

  async #request(): Promise<void> {
    const released: Released[] = [];
    const batch = this.#isScarce ? SCARCE_BATCH : BATCH;
    while (released.length < batch && this.#queue.size > 0) released.push(this.#queue.shift() as Released);
    const toVerify: ToVerify[] = [];
    const others: Released[] = [];
    for (const one of released) {
      const { way } = this.#wayOf(one);
      if (way === 'seal' || way === 'proof') toVerify.push({ released: one, way });
      else others.push(one);
    }
    await Promise.all([this.#verify(toVerify), this.#recycleOthers(others)]);
  }

  async #verify(toVerify: readonly ToVerify[]): Promise<void> {
    if (toVerify.length === 0) return;
    const verdicts = await this.#verdicts(toVerify);
    this.#verifying -= toVerify.length;
    const clean: Clean[] = [];
    const rejected: Rejected[] = [];
    for (const [position, { released }] of toVerify.entries()) {
      const verdict = verdicts[position] ?? { clean: false, kind: 'error', text: 'it was not verified' };
      const { endpoint } = released;
      if (verdict.clean) clean.push({ endpoint, way: verdict.way, sealed: verdict.sealed });
      else if (verdict.kind === PROCESS_INSIDE.kind) this.#occupied.add(released);
      else rejected.push({ endpoint, reason: { kind: verdict.kind, text: verdict.text } });
    }
    const lost = clean.length < toVerify.length;
    this.#options.report({ actor: 'recycler', clean, rejected, lost });
  }

  async #verdicts(toVerify: readonly ToVerify[]): Promise<Verdict[]> {
    const requests = toVerify.map(({ released: { endpoint, usage }, way }) => ({
      ...builtOf(endpoint),
      way,
      sealed: usage.sealed,
      unprivileged: usage.trust === 'unprivileged',
    }));
    try {
      return await this.#options.endpoints.verify(requests);
    } catch (error) {
      return requests.map(() => ({ clean: false, kind: 'error', text: toNetnsdError(error).message }));
    }
  }

  /** Those that are not verified: replaced, or reused as they are, once no process is inside. */
  async #recycleOthers(others: readonly Released[]): Promise<void> {
    if (others.length === 0) return;
    const occupied = await this.#occupied.among(others.filter(({ empty }) => !empty));
    const clean: Clean[] = [];
    const rejected: Rejected[] = [];
    let lost = false;
    for (const released of others) {
      const { endpoint } = released;
      const way = this.#wayOf(released);
      if (way.way === 'reuse') this.#verifying -= 1;
      lost ||= way.way === 'reuse' && occupied.has(released);
      if (occupied.has(released)) this.#occupied.add(released);
      else if (way.way === 'reuse') clean.push({ endpoint, way: 'reuse', sealed: false });
      else if (way.way === 'replace') rejected.push({ endpoint, reason: way.reason });
    }
    this.#options.report({ actor: 'recycler', clean, rejected, lost });
  }
}

interface ToVerify {
  readonly released: Released;
  readonly way: VerifyWay;
}
