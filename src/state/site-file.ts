import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { identityOf, shortHash } from '../endpoint/identity.js';
import type { Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { bootId } from '../kernel/host/boot-id.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** Identity of the daemon of a state directory, for `netnsd down` when no daemon runs. */
const FILE = 'site.json';
const LARGEST_BYTES = 1 << 16;
const INSTANCE_ID = /^[a-z2-7]{4}$/;

/** The site of a state directory, which need not exist, as it is unless another daemon has taken the instance id. */
export function siteOf(stateDir: string, netnsDir: string | null): Site {
  const path = realStateDir(stateDir);
  return {
    instanceId: shortHash(path),
    identity: identityOf({ bootId: bootId(), stateDir: path }),
    netnsDir: netnsDir ?? join(stateDir, 'netns'),
  };
}

/** The path of a state directory without symlinks above it: what identifies it. */
export function realStateDir(path: string): string {
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

/** The site that the last daemon wrote; undefined if none can be read. Its instance id counts for this boot only. */
export function readSite(stateDir: string): Site | undefined {
  try {
    const text = readOwnFile(join(stateDir, FILE), LARGEST_BYTES);
    const { netnsDir, instanceId, identity } = JSON.parse(text) as Record<string, unknown>;
    if (typeof netnsDir !== 'string' || !netnsDir.startsWith('/')) return undefined;
    const site = siteOf(stateDir, netnsDir);
    const isRecorded = identity === site.identity && typeof instanceId === 'string' && INSTANCE_ID.test(instanceId);
    return isRecorded ? { ...site, instanceId } : site;
  } catch {
    return undefined;
  }
}
