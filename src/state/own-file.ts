import fs from 'node:fs';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Why a file is not one that netnsd wrote and nobody else may change; undefined where it is. */
export function foreignness(stats: fs.Stats): string | undefined {
  if (!stats.isFile()) return 'it is no regular file';
  if (stats.uid !== process.geteuid?.()) return `it belongs to user ${stats.uid}`;
  if ((stats.mode & 0o022) !== 0) return 'others may write to it';
  return stats.nlink === 1 ? undefined : 'it has another name elsewhere';
}

/**
 * Reads a file that netnsd wrote. Neither follows a symlink, nor waits at a fifo, nor opens a device; throws an Error that
 * says what is wrong with it.
 */
export function readOwnFile(path: string, largestBytes: number): string {
  // A device may act on being opened, so one look before that; the looks after it are those that count.
  if (!fs.lstatSync(path).isFile()) throw new Error('it is no regular file');
  const fd = openUnfollowed(path);
  try {
    const stats = fs.fstatSync(fd);
    const problem = foreignness(stats);
    if (problem !== undefined) throw new Error(problem);
    if (stats.size > largestBytes) throw new Error(`it has ${stats.size} bytes`);
    return fs.readFileSync(fd, 'utf8');
  } finally {
    fs.closeSync(fd);
  }
}

/** Puts a file with this text in the place of `path`, by a rename; follows no symlink. Throws what node:fs throws. */
export function replaceOwnFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  fs.rmSync(temporary, { recursive: true, force: true });
  try {
    fs.writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function openUnfollowed(path: string): number {
  try {
    return fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ELOOP' ? 'it is a symlink' : message);
  }
}
