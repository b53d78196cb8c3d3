import { NetnsdError } from '../errors.js';
import { forgetConnections } from '../kernel/conntrack.js';
import type { Host } from './host.js';
import type { EndpointName, Settled } from './types.js';

/** An endpoint that is gone, and the address that it had. */
export interface Departed {
  readonly name: EndpointName;
  readonly address: readonly number[];
}

/**
 * Has the host forget the connections that it tracks of addresses whose endpoints are gone, in one walk: what it would
 * still translate or let through as established is not to meet the next who gets the address. Resolves with an error for
 * each where it is not sure that all were forgotten; such an endpoint is to be destroyed once more.
 */
export async function forgetDeparted(host: Host, departed: readonly Departed[]): Promise<Settled<void>[]> {
  try {
    const socket = host.netfilter;
    if (socket !== null)
      await forgetConnections(
        socket,
        departed.map(({ address }) => address),
      );
    return departed.map(() => ({ ok: true, value: undefined }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return departed.map(({ name }) => {
      const message = `the host may still track connections of endpoint ${name.id}, which is gone: ${why}`;
      return {
        ok: false,
        error: new NetnsdError('destroy_failed', message, { details: { endpoint: name.id }, cause }),
      };
    });
  }
}
