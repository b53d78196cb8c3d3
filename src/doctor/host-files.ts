import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';

/** Absent, or of another type; ESRCH: the process has just ended. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ESRCH', 'EINVAL', 'ENXIO'];

export interface Space {
  readonly isTmpfs: boolean;
  readonly freeBytes: number;
  /** Infinity if the file system does not count them. */
  readonly freeFiles: number;
}

const TMPFS_MAGIC = 0x01021994;

/**
 * The files of a machine, below `/` or a folder of a test. A file that is absent is undefined or empty; one that may not be read
 * throws EACCES or EPERM.
 */
export class HostFiles {
  readonly #root: string;

  constructor(root = '/') {
    this.#root = root;
  }

  text(path: string): string | undefined {
    return this.bytes(path)?.toString('utf8');
  }

  bytes(path: string): Buffer | undefined {
    return present(() => readFileSync(join(this.#root, path)));
  }

  /** The names in a folder, sorted. */
  names(path: string): string[] {
    return present(() => readdirSync(join(this.#root, path)).sort()) ?? [];
  }

  /** The target of a symlink. */
  link(path: string): string | undefined {
    return present(() => readlinkSync(join(this.#root, path)));
  }

  /** Of the path itself: symlinks are not followed. */
  stats(path: string): Stats | undefined {
    return present(() => lstatSync(join(this.#root, path)));
  }

  isProgram(path: string): boolean {
    try {
      accessSync(join(this.#root, path), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }

  space(path: string): Space | undefined {
    return present(() => {
      const { type, bsize, bavail, files, ffree } = statfsSync(join(this.#root, path));
      return {
        isTmpfs: type === TMPFS_MAGIC,
        freeBytes: bsize * bavail,
        freeFiles: files === 0 ? Number.POSITIVE_INFINITY : ffree,
      };
    });
  }

  /** `net.ipv4.ip_forward` as a number; undefined if there is no such sysctl. Slashes stand for dots in names of links. */
  sysctl(name: string): number | undefined {
    const text = this.text(`/proc/sys/${name.replaceAll('.', '/')}`);
    return text === undefined ? undefined : Number(text);
  }

  /** A sysctl of one link, whose name may hold dots. */
  linkSysctl(link: string, name: string): number | undefined {
    const text = this.text(`/proc/sys/net/ipv4/conf/${link}/${name}`);
    return text === undefined ? undefined : Number(text);
  }
}

function present<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (ABSENT.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
