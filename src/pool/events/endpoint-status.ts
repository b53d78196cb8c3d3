import type { PoolEvent } from '../service.js';
import type { Replacement } from '../status.js';
import type { EndpointFacts, EndpointRecord, EndpointState } from '../types.js';

/** One endpoint as it is now, and its remembered events since the daemon started. */
export interface EndpointStatus {
  readonly id: string;
  readonly pool: string;
  readonly state: EndpointState | 'gone';
  /** The tenant that used it since it was built, and the only one that may get it. Null: it is unused, or gone. */
  readonly tenant: string | null;
  /** The lease of which it is part. */
  readonly lease: string | null;
  /** Why it is dirty, broken, being destroyed or gone. */
  readonly reason: string | null;
  /** These three are absent while it is being built, and when it is gone. */
  readonly netns?: EndpointFacts['netns'];
  readonly interface?: EndpointFacts['interface'];
  readonly addresses?: EndpointFacts['addresses'];
  /** Absent unless it was leased and then replaced. */
  readonly replaced?: Omit<Replacement, 'endpoint'>;
  /** Oldest first. */
  readonly events: readonly PoolEvent[];
}

interface Known {
  readonly record: EndpointRecord | undefined;
  readonly replacement: Replacement | undefined;
  /** Oldest first. */
  readonly events: readonly PoolEvent[];
}

/** Undefined where nothing is known of such an endpoint. Pure. */
export function endpointStatus(id: string, { record, replacement, events }: Known): EndpointStatus | undefined {
  if (record === undefined && replacement === undefined && events.length === 0) return undefined;
  const { state = 'gone', tenant = null, lease = null, facts = null } = record ?? {};
  return {
    id,
    pool: poolOf(id),
    state,
    tenant,
    lease: lease?.id ?? null,
    reason: record === undefined ? (events.at(-1)?.reason ?? null) : record.reason,
    ...(facts !== null && { netns: facts.netns, interface: facts.interface, addresses: facts.addresses }),
    ...(replacement !== undefined && { replaced: withoutEndpoint(replacement) }),
    events,
  };
}

/** The `POOL` of `POOL-SEQ`. */
export function poolOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('-')));
}

function withoutEndpoint({ time, kind, text }: Replacement): Omit<Replacement, 'endpoint'> {
  return { time, kind, text };
}
