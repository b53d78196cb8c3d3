import type { Endpoint } from '../../../src/pool/stock/endpoint-table.js';
import type { EndpointState } from '../../../src/pool/types.js';
import { factsOf } from './fakes.js';

/** An endpoint as the table would hold it. */
export function endpointOf(
  seq: number,
  { tenant = null as string | null, state = 'ready' as EndpointState } = {},
): Endpoint {
  const key = { id: `default-${seq}`, pool: 'default', index: seq, seq };
  const record = { ...key, state, facts: factsOf(key), lease: null, tenant, reason: null };
  return {
    key,
    record,
    recordedState: state,
    ownsIndex: true,
    sealed: false,
    acquisitions: 0,
    offer: null,
    onUnleased: null,
  };
}

export function idsOf(endpoints: readonly (Endpoint | undefined)[]): (string | undefined)[] {
  return endpoints.map((endpoint) => endpoint?.key.id);
}
