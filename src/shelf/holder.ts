import type { Stats } from 'node:fs';
import type { TakenLease, Trust } from '../pool/index.js';

/** How long a client may take between its mark and its taking, in milliseconds; an older mark was left behind. */
export const STALE_MARK_MS = 30_000;

/** What a taker writes into `holders/KEY` before it takes: a line of JSON, then its container's spec, if it has one. */
export interface Holder extends Omit<TakenLease, 'containerId' | 'trust' | 'forContainer'> {
  /** The process as the file names it, and the file's owner. */
  readonly taker: { readonly pid: number; readonly uid: number; readonly gid: number };
  /** Empty: the lease is for no container that is about to start. Null: its taker was cut short. */
  readonly specText: string | null;
}

/** The tenant of a lease whose taker named none: no other tenant gets its endpoint afterwards. */
const UNKNOWN_TENANT = 'unknown';
const LEASE_ID = /^[0-9a-f]{16}$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/;
/** The longest time limit that the API takes, in milliseconds. */
const TTL_MAX_MS = 1e12;

/** Reads a holder's file with these stats; undefined for what is none. Throws nothing. */
export function readHolder(
  text: string,
  { mtimeMs: writtenAtMs, uid, gid }: Pick<Stats, 'mtimeMs' | 'uid' | 'gid'>,
): Holder | undefined {
  const end = text.indexOf('\n');
  const line = parse(end < 0 ? text : text.slice(0, end));
  const { lease, tenant = 'default', pid, takenAtMs = writtenAtMs, ttlMs = null, process = null } = line;
  if (typeof lease !== 'string' || !LEASE_ID.test(lease)) return undefined;
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) return undefined;
  return {
    leaseId: lease,
    tenant,
    taker: { pid: Number(pid) || 0, uid, gid },
    takenAtMs: isTime(takenAtMs) ? takenAtMs : writtenAtMs,
    ttlMs: isTime(ttlMs) && ttlMs > 0 && ttlMs <= TTL_MAX_MS ? ttlMs : null,
    process: isProcess(process) ? { pid: process.pid, startTicks: process.startTicks } : null,
    specText: end < 0 ? null : text.slice(end + 1),
  };
}

/** What a lease is whose taker said what `holder` says, as far as it said anything. */
export function takenLease(options: {
  readonly key: string;
  readonly holder: Holder | undefined;
  readonly trustOf: (specText: string) => Trust;
  readonly newLeaseId: () => string;
}): TakenLease {
  const { key, holder, trustOf, newLeaseId } = options;
  const { specText = null } = holder ?? {};
  return {
    leaseId: holder?.leaseId ?? newLeaseId(),
    containerId: key.startsWith('@') ? null : key,
    tenant: holder?.tenant ?? UNKNOWN_TENANT,
    trust: specText === null || specText === '' ? 'unknown' : trustOf(specText),
    takenAtMs: holder?.takenAtMs ?? Date.now(),
    ttlMs: holder?.ttlMs ?? null,
    process: holder?.process ?? null,
    // Who said nothing is taken for netnsd-runc: the lease ends if no container comes.
    forContainer: specText !== '',
  };
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 8e15;
}

function isProcess(value: unknown): value is { pid: number; startTicks: number } {
  const { pid, startTicks } = (value ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(pid) && (pid as number) > 0 && Number.isSafeInteger(startTicks);
}
