import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { instanceIdOf } from '../endpoint/plan.js';
import type { Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** Identity of the daemon of a state directory, for `netnsd down` when no daemon runs. */
const FILE = 'site.json';
const LARGEST_BYTES = 1 << 16;

/** The site of a state directory: its instance id follows from the directory's real path, which need not exist. */
export function siteOf(stateDir: string, netnsDir: string | null): Site {
  return { instanceId: instanceIdOf(realPath(stateDir)), netnsDir: netnsDir ?? join(stateDir, 'netns') };
}

function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return join(realpathSync(dirname(absolute)), basename(absolute));
  } catch {
    return absolute;
  }
}

export function writeSite(stateDir: string, site: Site): void {
  const path = join(stateDir, FILE);
  const text = `${JSON.stringify({ version: 1, ...site })}\n`;
  // A full file system must not keep a restart from taking over the leases: an unchanged file is not written again.
  if (readText(path) === text) return;
  try {
    replaceOwnFile(path, text);
  } catch (error) {
    const reason = (error as Error).message;
    throw new NetnsdError('state_write_failed', `${path} cannot be written: ${reason}`, { cause: error });
  }
}

function readText(path: string): string | undefined {
  try {
    return readOwnFile(path, LARGEST_BYTES);
  } catch {
    return undefined;
  }
}

/** The site that the last daemon wrote; undefined if none can be read. */
export function readSite(stateDir: string): Site | undefined {
  try {
    const { netnsDir } = JSON.parse(readOwnFile(join(stateDir, FILE), LARGEST_BYTES)) as { netnsDir?: unknown };
    return typeof netnsDir === 'string' && netnsDir.startsWith('/') ? siteOf(stateDir, netnsDir) : undefined;
  } catch {
    return undefined;
  }
}
