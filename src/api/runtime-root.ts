import type { IncomingHttpHeaders } from 'node:http';
import { NetnsdError } from '../errors.js';

/** The header in which netnsd-runc sends the runtime's --root, percent-encoded; absent for the default. */
const HEADER = 'netnsd-runtime-root';

/**
 * The daemon's id for a container: the runtime's id, and if the runtime has a root of its own, `@` and an eight-character
 * hash of that. Ids are unique only within a root: containerd has a root for each namespace, and two may each have a `web`.
 */
export function containerKey(containerId: string, headers: IncomingHttpHeaders): string {
  const header = headers[HEADER];
  if (header === undefined) return containerId;
  return `${containerId}@${hashOf(String(header))}`;
}

/** Hashes by header: a machine has a handful of roots, and each container sends one twice. */
const hashes = new Map<string, string>();
const HASHES_KEPT = 64;

function hashOf(header: string): string {
  const known = hashes.get(header);
  if (known !== undefined) return known;
  const root = decode(header);
  if (root === undefined || !root.startsWith('/') || root.length > 4096) {
    throw new NetnsdError('bad_request', `header ${HEADER} must be an absolute path, percent-encoded`);
  }
  const hash = fnv1a(root);
  if (hashes.size >= HASHES_KEPT) hashes.clear();
  hashes.set(header, hash);
  return hash;
}

/** 32-bit FNV-1a in hexadecimal. By hand: netnsd-runc (shelf.c) computes the same hash, and Node.js has no FNV. */
function fnv1a(text: string): string {
  const hash = Buffer.from(text).reduce((value, byte) => Math.imul(value ^ byte, 0x01000193), 0x811c9dc5);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
