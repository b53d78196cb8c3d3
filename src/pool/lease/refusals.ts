import { NetnsdError } from '../../errors.js';
import type { Place } from '../ports/index.js';
import type { AddressShortage } from '../stock/table/address-wait.js';
import type { EndpointRecord } from '../types.js';

/** Why an acquire fails, and what to do. With a `shortage`, addresses are lacking. */
export function exhausted(pool: string, max: number, shortage: AddressShortage | null = null): NetnsdError {
  if (shortage !== null) return tooFewAddresses(pool, max, shortage);
  return new NetnsdError(
    'pool_exhausted',
    `pool ${pool} has no endpoint left of its max of ${max}: release one, wait for one, or raise max (in [pools.${pool}], or by PATCH /v1/pools/${pool})`,
    { details: { pool, max } },
  );
}

function tooFewAddresses(pool: string, max: number, { inCooldown, nextMs }: AddressShortage): NetnsdError {
  const nextSeconds = Math.max(0.1, Math.ceil(nextMs / 100) / 10);
  return new NetnsdError(
    'pool_exhausted',
    `pool ${pool} has no endpoint left and too few free addresses for more: ${inCooldown} are in cooldown, the next for ${nextSeconds} s more: wait for one, or give [pools.${pool}] a larger subnet or a shorter address_cooldown_seconds`,
    { details: { pool, max, inCooldown, nextSeconds } },
  );
}

/** An endpoint that is not ready has the address, or the MAC. */
export function addressInUse(pool: string, record: EndpointRecord, place: Place): NetnsdError {
  const { id, state, lease } = record;
  const what = place.address ?? place.mac;
  const holder = lease?.containerId == null ? '' : ` (container ${lease.containerId})`;
  const why = lease === null ? `endpoint ${id} has it and is ${state}` : `lease ${lease.id}${holder} has it`;
  return new NetnsdError('address_in_use', `${what} of pool ${pool} is in use: ${why}; take another, or wait for it`, {
    details: { pool, endpoint: id, lease: lease?.id ?? null, address: place.address, mac: place.mac },
  });
}

export function addressCools(pool: string, { address }: Place, leftMs: number): NetnsdError {
  const seconds = Math.max(0.1, Math.ceil(leftMs / 100) / 10);
  return new NetnsdError(
    'address_in_use',
    `${address} of pool ${pool} is in cooldown for ${seconds} s more: take another, or wait for it`,
    { details: { pool, address, nextSeconds: seconds } },
  );
}

/** The address is of the subnet, and the pool has no host ports for so many. */
export function addressUnused(pool: string, capacity: number): NetnsdError {
  return new NetnsdError(
    'bad_request',
    `pool ${pool} gives the first ${capacity} addresses of its subnet only: take one of these`,
    {
      details: { pool, capacity },
    },
  );
}

export function buildFailed(pool: string, cause: NetnsdError): NetnsdError {
  const details = { ...cause.details, pool };
  return new NetnsdError('build_failed', `no endpoint of pool ${pool} could be built: ${cause.message}`, {
    cause,
    details,
  });
}

export function leaseNotFound(leaseId: string): NetnsdError {
  return new NetnsdError('lease_not_found', `there is no lease ${leaseId}: see \`netnsd list\``);
}

export function retired(pool: string): NetnsdError {
  const message = `pool ${pool} is no longer configured: its leases stand until they are released, and it takes no others`;
  return new NetnsdError('pool_not_found', message, { details: { pool } });
}

export function shuttingDown(pool: string): NetnsdError {
  return new NetnsdError('shutting_down', `pool ${pool} takes no new work: the daemon is stopping`, {
    details: { pool },
  });
}

export function clientGone(): NetnsdError {
  return new NetnsdError('client_gone', 'the client disconnected before the response; nothing was leased');
}
