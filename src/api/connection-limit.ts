import { readFileSync } from 'node:fs';

/** What the daemon itself has open when idle, and some for what a build takes, at least. */
const OWN_DESCRIPTORS = 64;
const FEWEST_CONNECTIONS = 4;

/**
 * How many connections the daemon accepts at once: half of its descriptors (RLIMIT_NOFILE of getrlimit(2)), so that clients
 * cannot take those which builds and records need.
 */
export function connectionLimit(limits: string = readFileSync('/proc/self/limits', 'utf8')): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(soft)) return Number.MAX_SAFE_INTEGER;
  return Math.max(FEWEST_CONNECTIONS, Math.min(Math.floor(soft / 2), soft - OWN_DESCRIPTORS));
}
