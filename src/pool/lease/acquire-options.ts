import { NetnsdError } from '../../errors.js';
import type { Endpoints, Place } from '../ports/index.js';
import type { AcquireRequest } from '../service.js';
import type { BoundProcess, Lease, Trust } from '../types.js';

/** What one acquire asks for, checked and with its defaults. */
export interface AcquireOptions {
  readonly count: number;
  readonly containerId: string | null;
  readonly tenant: string;
  readonly trust: Trust;
  readonly forContainer: boolean;
  readonly ttlMs: number | null;
  readonly waitMs: number;
  /** The process with whose end the lease ends. */
  readonly process: BoundProcess | null;
  /** The endpoint that is wanted; null: any. */
  readonly place: Place | null;
}

/** Reads a request; throws `bad_request` for what a pool of this size can never give. */
export function acquireOptions(
  request: AcquireRequest,
  pool: { readonly name: string; readonly max: number; readonly endpoints: Pick<Endpoints, 'placeOf'> },
  process: BoundProcess | null = null,
): AcquireOptions {
  const { count = 1, containerId = null, tenant = 'default', trust = 'unknown', waitSeconds = 0, ttlSeconds } = request;
  if (!Number.isSafeInteger(count) || count < 1) throw badRequest(`count is a whole number from 1 on, not ${count}`);
  if (count > pool.max) {
    throw badRequest(
      `pool ${pool.name} has at most ${pool.max} endpoints and cannot give ${count} at once: ask for fewer`,
    );
  }
  if (count > 1 && containerId !== null) {
    throw badRequest('one container holds one lease: leave out containerId, or ask for a count of 1');
  }
  const { address, mac } = request;
  const isPlaced = address !== undefined || mac !== undefined;
  if (count > 1 && isPlaced) throw badRequest('one endpoint has this address or MAC: ask for a count of 1');
  if (!(waitSeconds >= 0)) throw badRequest(`wait is a number of seconds from 0 on, not ${waitSeconds}`);
  return {
    count,
    containerId,
    tenant,
    trust,
    forContainer: request.forContainer ?? false,
    ttlMs: ttlSeconds === undefined ? null : ttlMsOf(ttlSeconds),
    waitMs: waitSeconds * 1000,
    process,
    place: isPlaced ? pool.endpoints.placeOf(pool.name, { address, mac }) : null,
  };
}

/** Throws `bad_request` for what is not a time to live. */
export function ttlMsOf(ttlSeconds: number): number {
  if (ttlSeconds > 0 && ttlSeconds < 1e9) return ttlSeconds * 1000;
  throw badRequest(`ttl is a number of seconds above 0, not ${ttlSeconds}`);
}

/**
 * The container has a lease, or waits for one: throws `lease_conflict` if that is another tenant's, has another address or MAC than is asked for, or is not bound to the
 * process that the caller names, who would rely on it. A caller that names no process gets the lease as it is bound.
 */
export function assertSameTerms(
  options: AcquireOptions,
  existing: { readonly tenant: string; readonly process?: BoundProcess | null } & Partial<
    Pick<Lease, 'addresses' | 'interface'>
  >,
  pool: string,
): void {
  const { process, containerId, tenant } = options;
  const bound = existing.process ?? null;
  if (tenant !== existing.tenant)
    throw conflict(
      `container ${containerId} holds a lease of pool ${pool} as tenant ${existing.tenant}, not ${tenant}`,
      { pool, containerId },
    );
  if (!isAt(options.place, existing))
    throw conflict(`container ${containerId} holds a lease of pool ${pool} with another address or MAC`, {
      pool,
      containerId,
    });
  if (process === null || isSame(process, bound)) return;
  const to = bound === null ? 'no process' : `process ${bound.pid}`;
  throw conflict(
    `container ${containerId} holds a lease of pool ${pool} bound to ${to}, not to process ${process.pid}`,
    {
      pool,
      containerId,
      pid: bound?.pid ?? null,
    },
  );
}

function isAt(
  place: Place | null,
  { addresses, interface: link }: Partial<Pick<Lease, 'addresses' | 'interface'>>,
): boolean {
  if (place === null) return true;
  const hasAddress = addresses?.some(({ address }) => address.split('/')[0] === place.address) === true;
  return (place.address === null || hasAddress) && (place.mac === null || link?.mac === place.mac);
}

function isSame(one: BoundProcess, other: BoundProcess | null): boolean {
  return one.pid === other?.pid && one.startTicks === other.startTicks;
}

function conflict(what: string, details: Record<string, unknown>): NetnsdError {
  return new NetnsdError('lease_conflict', `${what}: release that one first`, { details });
}

function badRequest(message: string): NetnsdError {
  return new NetnsdError('bad_request', message);
}
