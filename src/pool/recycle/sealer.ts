import type { Cancel, Clock } from '../clock.js';
import type { Endpoint } from '../stock/endpoint-table.js';
import type { Endpoints } from '../types.js';

/** How long after an endpoint became ready it is sealed, in milliseconds: the kernel announces a link's carrier late. */
const SEAL_AFTER_MS = 50;
const BATCH = 128;

/**
 * Seals endpoints while they are ready, behind everybody's back. An endpoint that was handed out before its seal was
 * surely on counts as not sealed.
 */
export class Sealer {
  readonly #endpoints: Endpoints;
  readonly #clock: Clock;
  readonly #isUntaken: (endpoint: Endpoint) => boolean;
  readonly #settled: ((endpoint: Endpoint) => void) | undefined;
  readonly #pending = new Set<Endpoint>();
  #cancel: Cancel | null = null;
  #underWay: Promise<void> | null = null;
  #closed = false;

  /**
   * `isUntaken` is asked when an endpoint has been sealed: a client may have taken it from the shelf before. `settled` hears of
   * each endpoint that is still ready, with or without a seal: nothing more is done to it.
   */
  constructor(options: {
    endpoints: Endpoints;
    clock: Clock;
    isUntaken?: (endpoint: Endpoint) => boolean;
    settled?: (endpoint: Endpoint) => void;
  }) {
    this.#endpoints = options.endpoints;
    this.#clock = options.clock;
    this.#settled = options.settled;
    this.#isUntaken = options.isUntaken ?? (() => true);
  }

  /** An endpoint that became ready without a seal. */
  add(endpoint: Endpoint): void {
    if (this.#closed) return;
    this.#pending.add(endpoint);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#pending.clear();
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  #schedule(): void {
    if (this.#closed || this.#cancel !== null || this.#underWay !== null || this.#pending.size === 0) return;
    this.#cancel = this.#clock.after(SEAL_AFTER_MS, () => {
      this.#cancel = null;
      this.#underWay = this.#request().finally(() => {
        this.#underWay = null;
        this.#schedule();
      });
    });
  }

  async #request(): Promise<void> {
    const asked: { endpoint: Endpoint; handouts: number }[] = [];
    for (const endpoint of this.#pending) {
      if (asked.length === BATCH) break;
      this.#pending.delete(endpoint);
      if (endpoint.record.state === 'ready') asked.push({ endpoint, handouts: endpoint.acquisitions });
    }
    if (asked.length === 0) return;
    const sealed = await this.#endpoints
      .seal(asked.map(({ endpoint }) => builtOf(endpoint)))
      // Without a seal an endpoint is looked at more closely when it comes back, that is all.
      .catch(() => []);
    for (const [position, { endpoint, handouts }] of asked.entries()) {
      if (endpoint.record.state !== 'ready' || endpoint.acquisitions !== handouts) continue;
      if (sealed[position] === true && this.#isUntaken(endpoint)) endpoint.sealed = true;
      this.#settled?.(endpoint);
    }
  }
}

/** An endpoint as the kernel thread wants it named. */
export function builtOf(endpoint: Endpoint) {
  return { name: endpoint.key, netnsInode: endpoint.record.facts?.netns.inode ?? 0 };
}
