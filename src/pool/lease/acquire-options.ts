import { NetnsdError } from '../../errors.js';
import type { AcquireRequest } from '../service.js';
import type { BoundProcess, Trust } from '../types.js';

/** What one acquire wants, checked and with its defaults. */
export interface Ask {
  readonly count: number;
  readonly containerId: string | null;
  readonly tenant: string;
  readonly trust: Trust;
  readonly forContainer: boolean;
  readonly ttlMs: number | null;
  readonly waitMs: number;
  /** With whose end the lease is to end. */
  readonly process: BoundProcess | null;
}

/** Reads a request; throws `bad_request` for what no pool of this size could ever give. */
export function toAsk(
  request: AcquireRequest,
  pool: { readonly name: string; readonly max: number },
  process: BoundProcess | null = null,
): Ask {
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
  };
}

/** Throws `bad_request` for what is no time. */
export function ttlMsOf(ttlSeconds: number): number {
  if (ttlSeconds > 0 && ttlSeconds < 1e9) return ttlSeconds * 1000;
  throw badRequest(`ttl is a number of seconds above 0, not ${ttlSeconds}`);
}

/**
 * The container has an endpoint, or is getting one: for somebody else, or bound to another process or none, which the
 * asker must not take for bound to his. Who names no process takes it as it is bound.
 */
export function assertSameTerms(
  ask: Ask,
  standing: { readonly tenant: string; readonly process?: BoundProcess | null },
  pool: string,
): void {
  const { process } = ask;
  const bound = standing.process ?? null;
  if (ask.tenant === standing.tenant && process !== null && !isSame(process, bound)) {
    const to = bound === null ? 'no process' : `process ${bound.pid}`;
    throw new NetnsdError(
      'lease_conflict',
      `container ${ask.containerId} holds a lease of pool ${pool} bound to ${to}, not to process ${process.pid}: release that one first`,
      { details: { pool, containerId: ask.containerId, pid: bound?.pid ?? null } },
    );
  }
  if (ask.tenant === standing.tenant) return;
  throw new NetnsdError(
    'lease_conflict',
    `container ${ask.containerId} holds a lease of pool ${pool} as tenant ${standing.tenant}, not ${ask.tenant}: release that one first`,
    { details: { pool, containerId: ask.containerId } },
  );
}

function isSame(one: BoundProcess, other: BoundProcess | null): boolean {
  return one.pid === other?.pid && one.startTicks === other.startTicks;
}

function badRequest(message: string): NetnsdError {
  return new NetnsdError('bad_request', message);
}
