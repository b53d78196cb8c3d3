import { createHash } from 'node:crypto';
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
  const root = decode(String(header));
  if (root === undefined || !root.startsWith('/') || root.length > 4096) {
    throw new NetnsdError('bad_request', `header ${HEADER} must be an absolute path, percent-encoded`);
  }
  return `${containerId}@${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
