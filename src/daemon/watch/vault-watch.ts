import type { Logger } from 'pino';
import { findResident, startVault } from '../../kernel/netns/vault-program.js';
import type { ProcessWatch } from '../../kernel/process/process-watch.js';

/** When the vault cannot be started it is tried again, after so many milliseconds. */
const RETRY_MS = 1000;

/**
 * Has a process stand in the vault as long as the daemon runs: two of them take each other's place by themselves, and only where
 * both were killed is another one started. Until that one stands, paths of leases lead nowhere; nothing else depends on it.
 */
export class VaultWatch implements Disposable {
  readonly #stateDir: string;
  readonly #processes: Pick<ProcessWatch, 'watch'>;
  readonly #log: Pick<Logger, 'warn'>;
  #stop: (() => void) | null = null;
  #closed = false;

  constructor(options: { stateDir: string; processes: Pick<ProcessWatch, 'watch'>; log: Pick<Logger, 'warn'> }) {
    this.#stateDir = options.stateDir;
    this.#processes = options.processes;
    this.#log = options.log;
    this.#watch();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#stop?.();
  }

  #watch(): void {
    if (this.#closed) return;
    const resident = findResident(this.#stateDir);
    if (resident === undefined) return void this.#start();
    this.#stop = this.#processes.watch(resident, () => {
      this.#log.warn({ pid: resident.pid }, 'the process in the vault has ended; another one takes its place');
      this.#watch();
    });
  }

  async #start(): Promise<void> {
    try {
      await startVault(this.#stateDir);
    } catch (error) {
      this.#log.warn(
        { err: error },
        'no process stands in the vault: leases cannot be entered by their paths; retrying',
      );
      setTimeout(() => this.#watch(), RETRY_MS).unref();
      return;
    }
    this.#watch();
  }
}
