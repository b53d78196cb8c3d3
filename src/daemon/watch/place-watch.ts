import { lstatSync } from 'node:fs';
import { type NetnsdError, toNetnsdError } from '../../errors.js';
import { Periodic } from '../../reconcile/index.js';

const INTERVAL_MS = 2000;
/** The place belongs to another daemon by now, or is not safe: this one cannot go on. */
const FATAL: readonly string[] = ['state_dir_locked', 'state_dir_unsafe', 'daemon_running'];

interface PlaceWatchOptions {
  readonly state: { isWhole(): boolean; mend(): Promise<void> };
  /** Writes everything that the state directory had again. */
  readonly rewrite: () => void;
  readonly socketPath: string;
  /** Listens once more, on a new socket at the same path. */
  readonly listenAgain: () => Promise<void>;
  readonly log: { warn(details: object, message: string): void };
  readonly intervalMs?: number;
}

/**
 * Notices that the state directory, what is in it or the socket was removed, by a cleaner of temporary files say, and makes it
 * again: leases are known in memory. A failure is logged once while it lasts, and tried again.
 */
export class PlaceWatch implements Disposable {
  /** Resolves when another daemon has the place. */
  readonly lost: Promise<NetnsdError>;
  readonly #options: PlaceWatchOptions;
  readonly #periodic: Periodic;
  #socketInode: number | undefined;
  #lose: (error: NetnsdError) => void = () => undefined;
  #failure = '';

  constructor(options: PlaceWatchOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#socketInode = inodeOf(options.socketPath);
    this.#periodic = new Periodic({ intervalMs: options.intervalMs ?? INTERVAL_MS, task: () => this.check() });
  }

  async check(): Promise<void> {
    try {
      await this.#checkState();
      await this.#checkSocket();
      this.#failure = '';
    } catch (thrown) {
      const error = toNetnsdError(thrown);
      if (FATAL.includes(error.code)) this.#lose(error);
      else if (error.message !== this.#failure)
        this.#options.log.warn({ err: error }, 'failed to make again what was removed; retrying');
      this.#failure = error.message;
    }
  }

  async #checkState(): Promise<void> {
    const { state, rewrite, log } = this.#options;
    if (state.isWhole()) return;
    await state.mend();
    rewrite();
    log.warn({}, 'the state directory or part of it was removed; it was written again');
  }

  async #checkSocket(): Promise<void> {
    const { socketPath, listenAgain, log } = this.#options;
    if (this.#socketInode !== undefined && inodeOf(socketPath) === this.#socketInode) return;
    await listenAgain();
    this.#socketInode = inodeOf(socketPath);
    log.warn({ socket: socketPath }, 'the socket was removed; listening on a new one');
  }

  [Symbol.dispose](): void {
    this.#periodic[Symbol.dispose]();
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
