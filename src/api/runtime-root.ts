import type { IncomingHttpHeaders } from 'node:http';
import { NetnsdError } from '../errors.js';

/** The header by which netnsd-runc says where its runtime keeps its state, percent-encoded; absent for the default. */
const HEADER = 'netnsd-runtime-root';

/**
 * What a container is called here: its id, and where its runtime has a root of its own, `@` and eight characters that
 * stand for that. Ids are unique in one root only: containerd has a root a namespace, and both may have a `web`.
 */
export function containerKey(containerId: string, headers: IncomingHttpHeaders): string {
  const header = headers[HEADER];
  if (header === undefined) return containerId;
  return `${containerId}@${markOf(String(header))}`;
}

/** Those asked for last: a machine has a handful of roots, and each of its containers names one twice. */
const marks = new Map<string, string>();
const MARKS_KEPT = 64;

/** Eight characters that stand for a root. */
function markOf(header: string): string {
  const known = marks.get(header);
  if (known !== undefined) return known;
  const root = decode(header);
  if (root === undefined || !root.startsWith('/') || root.length > 4096) {
    throw new NetnsdError('bad_request', `header ${HEADER} must be an absolute path, percent-encoded`);
  }
  const mark = fnv1a(root);
  if (marks.size >= MARKS_KEPT) marks.clear();
  marks.set(header, mark);
  return mark;
}

/** 32-bit FNV-1a in hexadecimal; netnsd-runc reckons the same (shelf.c), to call a container by the same name. */
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
