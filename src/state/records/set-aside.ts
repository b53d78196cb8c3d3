import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { OTHER_FOLDERS, SET_ASIDE, STATE_FILES } from '../layout.js';
import { foreignness } from '../own-file.js';

/** A file that was found and not used. */
export interface RecordWarning {
  readonly path: string;
  readonly problem: string;
  /** Where it is now; null if it could not be moved, or was removed. */
  readonly movedTo: string | null;
}

/** Moves an entry to `set-aside/`, a link itself and not its target. Returns the new path, or null if that fails. */
export function setAside(file: { directory: string; folder: string; name: string }): string | null {
  const { directory, folder, name } = file;
  const wanted = folder === '' ? name : `${folder}-${name}`;
  // A file name has at most 255 bytes, and some are needed for the folder and a number.
  const target = Buffer.byteLength(wanted) <= 240 ? wanted : `${folder}-${digest(name)}`;
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const to = join(directory, SET_ASIDE, attempt === 0 ? target : `${target}.${attempt}`);
    if (fs.lstatSync(to, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      fs.renameSync(join(directory, folder, name), to);
      return to;
    } catch {
      return null;
    }
  }
  return null;
}

function digest(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/**
 * Sets aside entries that have the name of a file of netnsd's and are a symlink, fifo, device, folder or hard link, belong to
 * another user, or are writable by others: netnsd would write through them, block on them, or trust their content.
 */
export function setForeignFilesAside(directory: string, warn: (warning: RecordWarning) => void): void {
  for (const { name, path, problem } of foreignFiles(directory))
    warn({ path, problem, movedTo: setAside({ directory, folder: '', name }) });
}

/** Removes such entries, and not what they lead to: for a state directory that is about to be removed. */
export function removeForeignFiles(directory: string): void {
  for (const { path } of foreignFiles(directory)) fs.rmSync(path, { recursive: true, force: true });
}

function foreignFiles(directory: string): { name: string; path: string; problem: string }[] {
  const files = STATE_FILES.flatMap((file) => [file, `${file}.new`]);
  return [...files, ...OTHER_FOLDERS].flatMap((name) => {
    const path = join(directory, name);
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    const problem = files.includes(name) ? foreignness(stats) : foreignnessOfFolder(stats);
    return problem === undefined ? [] : [{ name, path, problem }];
  });
}

function foreignnessOfFolder(stats: fs.Stats): string | undefined {
  if (!stats.isDirectory()) return 'it is not a folder';
  if (stats.uid !== process.geteuid?.()) return `it belongs to user ${stats.uid}`;
  return (stats.mode & 0o022) === 0 ? undefined : 'it is writable by others';
}
