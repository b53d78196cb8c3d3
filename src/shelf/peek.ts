import fs from 'node:fs';
import { join } from 'node:path';
import { SHELF } from '../state/index.js';
import { linkText } from './entries.js';

/**
 * The containers that have taken from the shelf of a state directory, by the inode of their namespace: read beside a daemon, or
 * without one. Changes nothing, and leaves out what cannot be read.
 */
export function peekTaken(stateDirectory: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const place of ['standing', 'taken']) {
    const folder = join(stateDirectory, SHELF, place);
    for (const key of entriesOf(folder)) {
      const inode = inodeOf(join(folder, key));
      // A lease of no container is called @ and its id.
      if (inode !== undefined && !key.startsWith('@')) names.set(inode, key);
    }
  }
  return names;
}

function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function inodeOf(path: string): number | undefined {
  try {
    const inode: unknown = JSON.parse(linkText(path) ?? '')?.netns?.inode;
    return typeof inode === 'number' ? inode : undefined;
  } catch {
    return undefined;
  }
}
