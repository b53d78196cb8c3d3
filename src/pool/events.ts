import type { Clock } from './clock.js';
import { oneLine, type PoolLog } from './log.js';
import type { PoolEvent } from './service.js';

type Listener = (event: PoolEvent) => void;

/** Tells every subscriber of every change, in the order in which they happen; costs nothing while nobody listens. */
export class PoolEvents {
  readonly #clock: Clock;
  readonly #log: PoolLog;
  readonly #listeners = new Set<Listener>();

  constructor(options: { clock: Clock; log: PoolLog }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Calls `listener` at each event until the returned function is called. */
  subscribe(listener: Listener): () => void {
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const subscription: Listener = (event) => listener(event);
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
    };
  }

  emit(change: Omit<PoolEvent, 'time'>): void {
    if (this.#listeners.size === 0) return;
    const event: PoolEvent = { time: new Date(this.#clock.wallMs()).toISOString(), ...change };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.warn({ error: oneLine(error) }, 'a listener to events failed');
      }
    }
  }
}
