import type { Endpoint } from '../endpoint.js';
import type { Cancel } from '../ports/clock.js';
import type { Clock, Endpoints } from '../ports/index.js';
import { builtOf } from './released.js';

/** How long after an endpoint became ready it is sealed, in milliseconds: the kernel announces a link's carrier late. */
const SEAL_AFTER_MS = 50;
const BATCH = 128;
/** The first request is smaller: as long as the pool is being filled, each seal slows down the builds that go on. */
const FIRST_BATCH = 32;

interface SealerOptions {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  /** Asked when an endpoint has been sealed: a client may have taken it from the shelf before. Default: none did. */
  readonly isUntaken?: (endpoint: Endpoint) => boolean;
  /** Called for each endpoint that is still ready, sealed or not: nothing more is done to it. */
  readonly finished?: (endpoint: Endpoint) => void;
}

/** Seals ready endpoints in the background. An endpoint that was taken before its seal was set counts as not sealed. */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #pending = new Set<Endpoint>();
  #batch = FIRST_BATCH;
  #cancel: Cancel | null = null;
  #underWay: Promise<void> | null = null;
  #closed = false;

  constructor(options: SealerOptions) {
    this.#options = options;
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

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  #schedule(): void {
    if (this.#closed || this.#cancel !== null || this.#underWay !== null || this.#pending.size === 0) return;
    this.#cancel = this.#options.clock.after(SEAL_AFTER_MS, () => {
      this.#cancel = null;
      this.#underWay = this.#request().finally(() => {
        this.#underWay = null;
        this.#schedule();
      });
    });
  }

  async #request(): Promise<void> {
    const { endpoints, finished, isUntaken = () => true } = this.#options;
    const asked: { endpoint: Endpoint; acquisitions: number }[] = [];
    for (const endpoint of this.#pending) {
      if (asked.length === this.#batch) break;
      this.#pending.delete(endpoint);
      if (endpoint.record.state === 'ready') asked.push({ endpoint, acquisitions: endpoint.acquisitions });
    }
    if (asked.length === 0) return;
    this.#batch = BATCH;
    const sealed = await endpoints
      .seal(asked.map(({ endpoint }) => builtOf(endpoint)))
      // Without a seal an endpoint is verified by proof after its release.
      .catch(() => []);
    for (const [position, { endpoint, acquisitions }] of asked.entries()) {
      if (endpoint.record.state !== 'ready' || endpoint.acquisitions !== acquisitions) continue;
      if (sealed[position] === true && isUntaken(endpoint)) endpoint.sealed = true;
      finished?.(endpoint);
    }
  }
}
