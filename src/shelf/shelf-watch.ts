import { type FSWatcher, watch } from 'node:fs';

/** How long what was taken waits for others that are taken at the same time, in milliseconds. */
const GATHER_MS = 20;
/**
 * The same while containers need the processors more, and how often it is looked whether they do, in milliseconds: a hundred
 * that start at once on two slow processors take 3 s.
 */
const LONGEST_MS = 4000;
const LOOK_MS = 100;
/** How often it is looked where nothing can be watched, in milliseconds. */
const UNHEARD_MS = 1000;

export interface ShelfWatchOptions {
  /** Folders in which something appears when it is taken or given back. */
  readonly folders: readonly string[];
  readonly collect: () => void;
  readonly isBusy: () => boolean;
  readonly failed: (error: unknown) => void;
}

/**
 * Has the shelf collected soon after something happened there, for whoever asks for nothing: watchers of events, and pools
 * that are to be refilled. It hears of the first thing that happens (inotify(7)) and then looks away until it has collected: a
 * hundred containers cost as many wake-ups as one. The disposed one hears nothing any more.
 */
export class ShelfWatch implements Disposable {
  readonly #options: ShelfWatchOptions;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sinceMs = 0;
  #closed = false;

  constructor(options: ShelfWatchOptions) {
    this.#options = options;
    this.#listen();
  }

  #listen(): void {
    const heard = () => this.#gather();
    try {
      for (const folder of this.#options.folders) this.#watchers.push(watch(folder, heard).on('error', heard));
    } catch (error) {
      // Without it (a limit of inotify's, say) it is looked every now and then.
      this.#options.failed(error);
      this.#deafen();
      this.#timer = setTimeout(() => this.#collect(), UNHEARD_MS).unref();
    }
  }

  #deafen(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #gather(): void {
    if (this.#closed || this.#watchers.length === 0) return;
    this.#deafen();
    this.#sinceMs = performance.now();
    this.#timer = setTimeout(() => this.#look(), GATHER_MS).unref();
  }

  #look(): void {
    const waitedMs = performance.now() - this.#sinceMs;
    if (waitedMs < LONGEST_MS && this.#options.isBusy()) this.#timer = setTimeout(() => this.#look(), LOOK_MS).unref();
    else this.#collect();
  }

  #collect(): void {
    this.#timer = undefined;
    this.#listen();
    // After that: what happens from now on is heard.
    this.#options.collect();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#deafen();
    clearTimeout(this.#timer);
  }
}
