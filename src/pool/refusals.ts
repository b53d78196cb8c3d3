import { NetnsdError } from '../errors.js';

/** Why an acquire gets nothing, in words that say what to do. */
export function exhausted(pool: string, max: number): NetnsdError {
  return new NetnsdError(
    'pool_exhausted',
    `pool ${pool} has no endpoint left of its max of ${max}: release one, wait for one, or raise max (in [pools.${pool}], or by PATCH /v1/pools/${pool})`,
    { details: { pool, max } },
  );
}

export function buildFailed(pool: string, cause: NetnsdError): NetnsdError {
  const details = { ...cause.details, pool };
  return new NetnsdError('build_failed', `no endpoint of pool ${pool} could be built: ${cause.message}`, {
    cause,
    details,
  });
}

export function shuttingDown(pool: string): NetnsdError {
  return new NetnsdError('shutting_down', `pool ${pool} takes no new work: the daemon is stopping`, {
    details: { pool },
  });
}

export function clientGone(): NetnsdError {
  return new NetnsdError('client_gone', 'the client left before it had its lease; nothing was kept for it');
}
