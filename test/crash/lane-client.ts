import { hasCode } from '../../src/errors.js';
import type { Lease } from '../../src/pool/types.js';
import type { CrashDaemon } from './daemon.js';

/** A client of a daemon that faults strike: what it asks, and the leases that were answered. */
export class LaneClient {
  readonly #daemon: CrashDaemon;
  /** Leases that were answered and whose release was not asked for. */
  readonly #held = new Map<string, Lease>();

  constructor(daemon: CrashDaemon) {
    this.#daemon = daemon;
  }

  get leases(): Lease[] {
    return [...this.#held.values()];
  }

  forget(): void {
    this.#held.clear();
  }

  /** A daemon that dies, or whose kernel refuses, may fail a request; it must say so in a problem of its own. */
  async ask(request: () => Promise<unknown>): Promise<void> {
    if (!this.#daemon.alive) return;
    try {
      await request();
    } catch (error) {
      const expected = [
        'daemon_unreachable',
        'build_failed',
        'state_write_failed',
        'worker_failed',
        'shutting_down',
      ] as const;
      if (!expected.some((code) => hasCode(error, code))) throw error;
    }
  }

  note(lease: Lease): void {
    this.#held.set(lease.id, lease);
  }

  async releaseAll(): Promise<void> {
    for (const id of [...this.#held.keys()]) {
      this.#held.delete(id);
      await this.ask(() => this.#daemon.client.release(id));
    }
  }

  /** Leases that were answered and of which the daemon knows nothing. */
  async lost(): Promise<string[]> {
    const told = new Set((await this.#daemon.client.leases()).map(({ id }) => id));
    const lost = [...this.#held.values()].filter(({ id }) => !told.has(id));
    return lost.map(({ id, netns }) => `the lease ${id} of ${netns.path} is lost`);
  }
}
