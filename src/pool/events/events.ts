import type { Endpoint } from '../endpoint.js';
import type { Clock, PoolLog } from '../ports/index.js';
import { oneLine } from '../ports/log.js';
import type { PoolEvent } from '../service.js';
import { RecentEvents } from './recent-events.js';

type Listener = (event: PoolEvent) => void;

/** Sends every change to every subscriber, in the order in which they happen, and remembers the newest. */
export class PoolEvents {
  readonly #clock: Clock;
  readonly #log: PoolLog;
  readonly #listeners = new Set<Listener>();
  readonly #recent = new RecentEvents();

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

  /** The remembered events of one endpoint, oldest first. */
  of(endpoint: string): PoolEvent[] {
    return this.#recent.of(endpoint);
  }

  /** A change of an endpoint that is not leased. */
  emitOf(type: PoolEvent['type'], { key }: Endpoint, reason: string | null): void {
    this.emit({ type, pool: key.pool, endpoint: key.id, lease: null, containerId: null, reason });
  }

  emit(change: Omit<PoolEvent, 'time'>): void {
    const wallMs = this.#clock.wallMs();
    this.#recent.add(wallMs, change);
    if (this.#listeners.size === 0) return;
    const event: PoolEvent = { time: new Date(wallMs).toISOString(), ...change };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.warn({ error: oneLine(error) }, 'an event listener failed');
      }
    }
  }
}
