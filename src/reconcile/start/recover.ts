import { formatIpv4, ipv4Bytes, nthAddress, parseIpv4, subnetOfAddress } from '../../address/ipv4.js';
import { formatIpv6, subnet6OfAddress } from '../../address/ipv6.js';
import type { Inhabited } from '../../endpoint/network/describe.js';
import { hostLinkName } from '../../endpoint/plan.js';
import type { Found } from '../../endpoint/thread/thread-protocol.js';
import type { EndpointFacts, EndpointName, Site } from '../../endpoint/types.js';
import type { EndpointRecord, LeaseTerms } from '../../pool/types.js';

/** The tenant of a lease whose record was lost: no other tenant gets its endpoint. */
export const RECOVERED = 'recovered';
/** The addresses of the network and the gateway come before that of index 0. */
const FIRST_ENDPOINT = 2;

/** The processes to be asked for what they are in: one of each namespace that no endpoint with a record has. */
export function processesToAsk(options: {
  strays: readonly EndpointName[];
  records: readonly EndpointRecord[];
  users: ReadonlyMap<number, readonly number[]>;
  hostInode: number;
}): number[] {
  const { strays, records, users, hostInode } = options;
  if (strays.length === 0) return [];
  const known = new Set(records.flatMap(({ facts, lease }) => [facts?.netns.inode, lease?.graft?.inode]));
  return [...users].flatMap(([inode, [pid]]) =>
    inode === hostInode || known.has(inode) || pid === undefined ? [] : [pid],
  );
}

/**
 * Records of strays that are in use: their own were wiped, or are of another version. Who holds them is not known, so the
 * lease ends when its processes are gone. A stray is found by the other end of its pair, wherever that was moved. Throws what `pathOf` throws.
 */
export function recoverRecords(options: {
  site: Site;
  strays: readonly EndpointName[];
  found: Pick<Found, 'links' | 'namespaces'>;
  inhabited: readonly Inhabited[];
  /** The path of an endpoint, which is the one that its lease had if that stands. */
  pathOf: (name: EndpointName) => string;
  newLeaseId: () => string;
  now: Date;
}): EndpointRecord[] {
  const { site, strays, found, inhabited, pathOf, newLeaseId, now } = options;
  const linkOf = new Map(found.links.map((link) => [link.name, link]));
  const mounts = new Map(found.namespaces);
  return strays.flatMap(({ id, pool, seq }) => {
    const link = linkOf.get(hostLinkName(site, seq));
    const own = inhabited.find(({ hostIndex, address }) => link?.index === hostIndex && isPair(link.mac, address));
    if (own === undefined) return [];
    const mounted = mounts.get(id);
    const lease: LeaseTerms = {
      id: newLeaseId(),
      containerId: null,
      tenant: RECOVERED,
      trust: 'unknown',
      source: 'warm',
      acquiredAt: now.toISOString(),
      expiresAt: null,
      container: 'seen',
      ...(mounted !== undefined && mounted !== own.inode && { graft: { inode: own.inode, pid: own.pid } }),
    };
    return [
      {
        id,
        pool,
        index: indexOf(own.address),
        seq,
        state: 'leased' as const,
        facts: {
          netns: { path: pathOf({ id, pool, seq, index: indexOf(own.address) }), inode: mounted ?? own.inode },
          interface: {
            name: own.interfaceName,
            mac: own.mac,
            mtu: own.mtuBytes,
            hostName: hostLinkName(site, seq),
            ...(link?.hub && { hub: link.hub }),
          },
          ...networkOf(own),
          publishedPorts: [],
          dns: { servers: [], search: [], options: [] },
        },
        lease,
        tenant: null,
        reason: null,
      },
    ];
  });
}

/** Addresses and routes as they were built. */
function networkOf({ address, address6 }: Inhabited): Pick<EndpointFacts, 'addresses' | 'routes'> {
  const gateway = formatIpv4(nthAddress(subnetOfAddress(address), 1));
  const addresses = [{ address, gateway }];
  const routes = [{ destination: '0.0.0.0/0', gateway }];
  if (address6 !== null) {
    const { network } = subnet6OfAddress(address6);
    const gateway6 = formatIpv6([...network.slice(0, -1), 1]);
    addresses.push({ address: address6, gateway: gateway6 });
    routes.push({ destination: '::/0', gateway: gateway6 });
  }
  return { addresses, routes };
}

/** Which endpoint address of its subnet an address is: 0 is the first one after the gateway. */
export function indexOf(address: string, subnet = subnetOfAddress(address)): number {
  return parseIpv4(address.split('/')[0] as string) - subnet.network - FIRST_ENDPOINT;
}

/** The MAC of the other end of a pair ends in the endpoint's address. */
function isPair(host: string | undefined, address: string): boolean {
  const ending = ipv4Bytes(parseIpv4(address.split('/')[0] as string));
  return (
    host !== undefined &&
    host.split(':').slice(2).join() === ending.map((byte) => byte.toString(16).padStart(2, '0')).join()
  );
}
