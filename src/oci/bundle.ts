import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { NetnsdError } from '../errors.js';
import { type ParsedSpec, parseSpec, type Spec } from './spec.js';

/** The size limit of config.json; a spec has some 10 KB. */
const SIZE_LIMIT_BYTES = 16 * 1024 * 1024;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The file of a bundle that holds its spec (OCI runtime spec, bundle.md). */
export const SPEC_FILE = 'config.json';

/**
 * An open OCI bundle. A file descriptor holds its folder, so check and write act on the same folder even if the path is
 * moved or replaced in between. Dispose it to close the descriptor.
 */
export class Bundle implements Disposable {
  readonly spec: Spec;
  /** The positions in `text` of the parts that are edited. */
  readonly places: Omit<ParsedSpec, 'spec'>;
  /** config.json as it was read. */
  readonly text: string;

  /** User ids of the owners of the folder and of config.json. */
  readonly owners: readonly number[];

  private constructor(
    /** Absolute path, for messages. */
    readonly path: string,
    private readonly folderFd: number,
  ) {
    const { text, uid } = this.readSpec();
    this.text = text;
    this.owners = [fstatSync(folderFd).uid, uid];
    const { spec, ...places } = parseSpec(this.text, this.specPath);
    this.spec = spec;
    this.places = places;
  }

  /** Opens the folder and reads its spec. Throws `bundle_invalid`. */
  static open(path: string): Bundle {
    const absolute = resolve(path);
    const fd = openFolder(absolute);
    try {
      return new Bundle(absolute, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get specPath(): string {
    return `${this.path === '/' ? '' : this.path}/${SPEC_FILE}`;
  }

  /** The path of a file in the folder, through the descriptor (proc(5), /proc/self/fd). */
  entry(name: string): string {
    return `/proc/self/fd/${this.folderFd}/${name}`;
  }

  /** Reads config.json again, with its owner and permissions, without set-id bits. */
  readSpec(): { text: string; uid: number; gid: number; mode: number } {
    // A FIFO must not block and a symlink must not lead out of the bundle.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = attempt(this.specPath, () => openSync(this.entry(SPEC_FILE), flags));
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw invalid(`${this.specPath} is not a regular file: replace it with one`);
      if (stat.size > SIZE_LIMIT_BYTES) throw invalid(`${this.specPath} is larger than 16 MiB, the limit for a spec`);
      const bytes = attempt(this.specPath, () => readFileSync(fd));
      return { text: decode(bytes, this.specPath), uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o777 };
    } finally {
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.folderFd);
  }
}

/** Opens and reads the bundle in the folder `path`; see `Bundle.open`. */
export function readBundle(path: string): Bundle {
  return Bundle.open(path);
}

function openFolder(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'the folder does not exist: give the folder that holds config.json',
      ENOTDIR: 'it is not a folder: give the folder that holds config.json',
      EACCES: 'permission denied',
    };
    throw invalid(`cannot open the bundle ${path}: ${reasons[code ?? ''] ?? message}`, error);
  }
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'the file does not exist: run `runc spec` in the bundle',
      ELOOP: 'it is a symbolic link: replace it with the file itself',
      EACCES: 'permission denied',
      ENXIO: 'it is not a regular file: replace it with one',
    };
    throw invalid(`cannot read ${path}: ${reasons[code ?? ''] ?? message}`, error);
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw invalid(`${path} is not valid JSON: it is not UTF-8 text`, error);
  }
}

function invalid(message: string, cause?: unknown): NetnsdError {
  return new NetnsdError('bundle_invalid', message, { cause });
}
