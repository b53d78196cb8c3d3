import { createHash } from 'node:crypto';
import { NetnsdError } from '../errors.js';
import type { Link } from '../kernel/rtnetlink/link.js';
import type { Site } from './types.js';

/** An alias has at most 255 bytes (IFALIASZ), and an endpoint's id or a bridge's pool takes up to 60 of them. */
const LONGEST_PATH_BYTES = 150;
/** How many instance ids are tried; the next daemon with one in common is one in a million. */
const ATTEMPTS = 64;
const LINK_NAME = /^n[bd]([a-z2-7]{4})-/;

/** Who a daemon is: its boot and the real path of its state directory, or the digest of a long one. */
export function identityOf(options: { bootId: string; stateDir: string }): string {
  const { bootId, stateDir } = options;
  const isShort = Buffer.byteLength(stateDir) <= LONGEST_PATH_BYTES;
  return `${bootId} ${isShort ? stateDir : `sha256:${createHash('sha256').update(stateDir).digest('hex')}`}`;
}

/** `netnsd WHAT IDENTITY`, on every link of the daemon: WHAT is an endpoint's id, `uplink:POOL` or `hub:HUB`. */
export function aliasOf(site: Pick<Site, 'identity'>, what: string): string {
  return `netnsd ${what} ${site.identity}`;
}

/** What an alias calls the link, if it is of this daemon; undefined for a link of any other, or without an alias. */
export function ownAlias({ identity }: Pick<Site, 'identity'>, alias: string | undefined): string | undefined {
  if (alias === undefined || !alias.startsWith('netnsd ') || !alias.endsWith(` ${identity}`)) return undefined;
  const what = alias.slice('netnsd '.length, -identity.length - 1);
  // One word, so that no path can be chosen whose end looks like the identity of another daemon.
  return what.includes(' ') || what === '' ? undefined : what;
}

/**
 * Whether a link that bears the instance id may be touched: it has the daemon's own alias, or none yet, as between the two
 * requests that make it.
 */
export function isOwn(site: Pick<Site, 'identity'>, { alias }: Pick<Link, 'alias'>): boolean {
  return alias === undefined || alias === '' || ownAlias(site, alias) !== undefined;
}

/** `netnsd INSTANCE ENDPOINT`, which version 0.1 gave. */
export function formerAlias(instanceId: string): string {
  return `netnsd ${instanceId} `;
}

/** Four characters [a-z2-7] that stand for a longer text in the names of links and mounts. */
export function shortHash(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  return [0, 1, 2, 3].map((i) => 'abcdefghijklmnopqrstuvwxyz234567'[(digest[i] ?? 0) & 31]).join('');
}

/**
 * The instance id of a daemon: the one on links that have its identity, else the one that was `recorded`, else one that
 * follows from the state directory. One that links of another daemon bear, or that `claim` refuses, is passed over. Throws
 * `state_dir_locked` where all are in use.
 */
export function chooseInstanceId(options: {
  identity: string;
  stateDir: string;
  /** Links of the host; only those that look like a daemon's count. */
  links: readonly Pick<Link, 'name' | 'alias'>[];
  recorded: string | undefined;
  /** Version 0.1 ran on the state directory last: links without an identity may be its own. */
  isFormer?: boolean;
  /** Takes the instance id for this daemon; false where another daemon that runs has it. */
  claim: (instanceId: string) => boolean;
}): string {
  const { identity, stateDir, links, recorded, isFormer = false, claim } = options;
  const own = new Set<string>();
  const others = new Set<string>();
  for (const link of links) {
    const id = LINK_NAME.exec(link.name)?.[1];
    if (id === undefined) continue;
    if (ownAlias({ identity }, link.alias) !== undefined) own.add(id);
    else if (!isOwn({ identity }, link) && !(isFormer && link.alias?.startsWith(formerAlias(id)))) others.add(id);
  }
  const derived = Array.from({ length: ATTEMPTS }, (_, n) => shortHash(n === 0 ? stateDir : `${stateDir}\n${n}`));
  const candidates = [...own, ...(recorded === undefined ? [] : [recorded]), ...derived];
  const chosen = candidates.find((id) => !others.has(id) && claim(id));
  if (chosen !== undefined) return chosen;
  throw new NetnsdError('state_dir_locked', `other daemons use all instance ids of ${stateDir}: choose another folder`);
}
