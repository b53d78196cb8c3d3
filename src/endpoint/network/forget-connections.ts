import { ipv4Bytes, subnetContains } from '../../address/ipv4.js';
import { rangesOverlap } from '../../address/range.js';
import { NetnsdError } from '../../errors.js';
import { forgetConnections, forgetConnectionsOf } from '../../kernel/netlink/conntrack.js';
import type { Host } from '../host.js';
import { subnetOf } from '../plan.js';
import type { EndpointName, NetworkSettings, Settled } from '../types.js';
import { removeMappings } from './port-mappings.js';

/** An endpoint that is gone, and the address that it had. */
export interface Departed {
  readonly name: EndpointName;
  /** 4 bytes, or 16. */
  readonly addresses: readonly (readonly number[])[];
}

/**
 * Forgets what leads to the addresses of endpoints that are not leased: first the port mappings of pods, then connections, which a mapping could make
 * again. Rejects with kernel_error.
 */
export async function forgetAddresses(host: Host, addresses: readonly (readonly number[])[]): Promise<void> {
  await removeMappings(host, addresses);
  if (host.netfilter !== null) await forgetConnections(host.netfilter, addresses);
}

/**
 * Has the host forget the port mappings and the connections that it tracks of addresses whose endpoints are gone, in one walk: what it would
 * still translate or let through as established is not to meet the next who gets the address. Resolves with an error for
 * each where it is not sure that all were forgotten; such an endpoint is to be destroyed once more.
 */
export async function forgetDeparted(host: Host, departed: readonly Departed[]): Promise<Settled<void>[]> {
  try {
    await forgetAddresses(
      host,
      departed.flatMap(({ addresses }) => addresses),
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

/**
 * The same at the start, for all of a pool's subnets but the gateway and the `addresses` of endpoints that stand: `netnsd
 * down`, or a daemon that was killed, may have left connections of any other. Throws kernel_error.
 */
export async function forgetUnowned(options: {
  host: Host;
  settings: NetworkSettings;
  addresses: readonly (readonly number[])[];
}): Promise<void> {
  const { host, settings, addresses } = options;
  if (host.netfilter === null) return;
  const { network, prefixLength, gateway, ipv6 } = subnetOf(settings);
  const gateways = [ipv4Bytes(gateway), ...(ipv6 === null ? [] : [ipv6.gateway])];
  const kept = new Set([...gateways, ...addresses].map((address) => Buffer.from(address).toString('hex')));
  const contains = (address: Buffer): boolean =>
    address.length === 4
      ? subnetContains({ network, prefixLength }, address.readUInt32BE(0))
      : ipv6 !== null && rangesOverlap(ipv6, { network: [...address], prefixLength: 128 });
  await forgetConnectionsOf(host.netfilter, (address) => contains(address) && !kept.has(address.toString('hex')));
}
