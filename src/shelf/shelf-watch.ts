import { type FSWatcher, watch } from 'node:fs';
import { Deferral, systemClock } from '../pool/index.js';

/** How long a first change waits for others at the same time, in milliseconds. */
const GATHER_MS = 20;
/** The longest deferral while processors are short, in milliseconds: a hundred containers that start at once on two slow ones take 3 s. */
const LONGEST_DEFERRAL_MS = 4000;
const DEFERRAL_CHECK_MS = 100;
/** How often the shelf is collected if it cannot be watched, in milliseconds. */
const UNWATCHED_MS = 1000;

export interface ShelfWatchOptions {
  /** Folders in which an entry appears when an endpoint is taken or returned. */
  readonly folders: readonly string[];
  readonly collect: () => void;
  /** Whether the processors are short. */
  readonly isBusy: () => boolean;
  readonly failed: (error: unknown) => void;
}

/**
 * Collects the shelf soon after a change, until disposed, for those who make no request: followers of events, and pools that
 * are to be refilled. It hears of the first change (inotify(7)) and then stops listening until it has collected: a hundred
 * containers cost as many wake-ups as one.
 */
export class ShelfWatch implements Disposable {
  readonly #options: ShelfWatchOptions;
  readonly #deferral: Deferral;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ShelfWatchOptions) {
    this.#options = options;
    const { isBusy } = options;
    this.#deferral = new Deferral({
      clock: systemClock,
      isBusy,
      longestMs: LONGEST_DEFERRAL_MS,
      checkMs: DEFERRAL_CHECK_MS,
    });
    this.#listen();
  }

  #listen(): void {
    const heard = () => this.#gather();
    try {
      for (const folder of this.#options.folders) this.#watchers.push(watch(folder, heard).on('error', heard));
    } catch (error) {
      // A limit of inotify, for example.
      this.#options.failed(error);
      this.#stopListening();
      this.#timer = setTimeout(() => this.#collect(), UNWATCHED_MS).unref();
    }
  }

  #stopListening(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #gather(): void {
    if (this.#closed || this.#watchers.length === 0) return;
    this.#stopListening();
    this.#timer = setTimeout(() => this.#deferral.schedule(() => this.#collect()), GATHER_MS).unref();
  }

  #collect(): void {
    this.#timer = undefined;
    // Before the shelf is read: a change after that is heard.
    this.#listen();
    this.#options.collect();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#deferral.cancel();
  }
}
