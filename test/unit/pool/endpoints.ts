import { type Endpoint, endpointOf as makeEndpoint } from '../../../src/pool/endpoint.js';
import type { EndpointState } from '../../../src/pool/types.js';
import { factsOf } from './fakes.js';

/** An endpoint as the table would have it. */
export function endpointOf(
  seq: number,
  { tenant = null as string | null, state = 'ready' as EndpointState } = {},
): Endpoint {
  const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
  const record = { ...key, state, facts: factsOf(key), lease: null, tenant, reason: null };
  return makeEndpoint(record, { ownsIndex: true });
}

export function idsOf(endpoints: readonly (Endpoint | undefined)[]): (string | undefined)[] {
  return endpoints.map((endpoint) => endpoint?.key.id);
}
