import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { identityOf, shortHash } from '../endpoint/identity.js';
import { netnsPrefix } from '../endpoint/plan.js';
import type { Site } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { bootId } from '../kernel/host/boot-id.js';
import type { FormerMounts } from '../kernel/netns/former-mounts.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** Identity of the daemon of a state directory, for `netnsd down` when no daemon runs. */
const FILE = 'site.json';
const LARGEST_BYTES = 1 << 16;
/** 1: namespaces are mounted in the host, in the folder `netnsDir`. */
const VERSION = 2;
const INSTANCE_ID = /^[a-z2-7]{4}$/;

/** The site of a state directory, which need not exist, as it is unless another daemon has taken the instance id. */
export function siteOf(stateDir: string, netnsDir: string | null): Site {
  const real = realStateDir(stateDir);
  const identity = identityOf({ bootId: bootId(), stateDir: real });
  return { instanceId: shortHash(real), identity, stateDir: real, netnsDir };
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
  const text = `${JSON.stringify({ version: VERSION, ...site })}\n`;
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
  const { version, netnsDir, instanceId, identity } = readContent(stateDir);
  if (version === 1) return siteOf(stateDir, null);
  if (version !== VERSION || !(netnsDir === null || isPath(netnsDir))) return undefined;
  const site = siteOf(stateDir, netnsDir);
  const isRecorded = identity === site.identity && typeof instanceId === 'string' && INSTANCE_ID.test(instanceId);
  return isRecorded ? { ...site, instanceId } : site;
}

/** Where version 0.1 left namespaces mounted, if it ran on this state directory last. */
export function readFormerMounts(stateDir: string): FormerMounts | undefined {
  const { version, netnsDir } = readContent(stateDir);
  return version === 1 && isPath(netnsDir)
    ? { folder: netnsDir, prefix: netnsPrefix(siteOf(stateDir, null)) }
    : undefined;
}

function readContent(stateDir: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readText(join(stateDir, FILE)) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/');
}
