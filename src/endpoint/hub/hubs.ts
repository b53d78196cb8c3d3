import type { Host } from '../host.js';
import { Hub } from './hub.js';

/** The hubs of this daemon that are open, by name. */
export class Hubs implements Disposable {
  readonly #host: Host;
  readonly #open = new Map<string, Hub>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Opens all that are mounted, those of pools that are no longer configured too. Throws kernel_error. */
  openMounted(): void {
    for (const name of this.#host.vault.hubs().keys()) this.open(name);
  }

  /** See `Hub.open`; the same object every time. */
  open(name: string): Hub {
    let hub = this.#open.get(name);
    if (hub === undefined) {
      hub = Hub.open(this.#host, name);
      this.#open.set(name, hub);
    }
    return hub;
  }

  has(name: string): boolean {
    return this.#open.has(name);
  }

  all(): Hub[] {
    return [...this.#open.values()];
  }

  /** Absence is success. Throws kernel_error. */
  remove(name: string): void {
    this.#open.get(name)?.remove();
    this.#open.delete(name);
  }

  [Symbol.dispose](): void {
    for (const hub of this.#open.values()) hub.close();
    this.#open.clear();
  }
}
