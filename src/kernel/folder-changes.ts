import { addInotifyWatch, closeAnyway, IN, inotifyEvents, openInotify } from './libc.js';

/** The folder is not the one that has this path any more. */
const GONE = IN.DELETE_SELF | IN.MOVE_SELF | IN.IGNORED;

interface FolderChangesOptions {
  /** Folders in which an entry may appear. */
  readonly folders: readonly string[];
  /** Above them: if it is moved away, other folders have their paths. */
  readonly parent: string;
  /** Told why the folders cannot be watched. */
  readonly failed: (error: unknown) => void;
}

/**
 * Says whether an entry was made in some folders, or moved into one, since the last time. An event of inotify(7) is in the queue
 * before the call that made the entry returns (fsnotify_move in vfs_rename of fs/namei.c), so that nothing is missed, as it would be by
 * times of modification: these are as coarse as a tick, on some file systems a second.
 */
export class FolderChanges implements Disposable {
  readonly #options: FolderChangesOptions;
  #fd: number | null = null;
  #closed = false;

  constructor(options: FolderChangesOptions) {
    this.#options = options;
  }

  /** True as well the first time, after a folder was replaced, and where the folders cannot be watched. */
  appeared(): boolean {
    if (this.#fd === null) {
      this.#open();
      return true;
    }
    const bits = inotifyEvents(this.#fd);
    if ((bits & GONE) !== 0) {
      this.#close();
      this.#open();
    }
    return bits !== 0;
  }

  #open(): void {
    if (this.#closed) return;
    const { folders, parent, failed } = this.#options;
    try {
      const fd = openInotify();
      this.#fd = fd;
      addInotifyWatch(fd, parent, IN.MOVE_SELF | IN.ONLYDIR);
      for (const folder of folders) addInotifyWatch(fd, folder, IN.MOVED_TO | IN.CREATE | GONE | IN.ONLYDIR);
    } catch (error) {
      failed(error);
      this.#close();
    }
  }

  #close(): void {
    if (this.#fd !== null) closeAnyway(this.#fd);
    this.#fd = null;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#close();
  }
}
