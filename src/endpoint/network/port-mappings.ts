import { formatIpv4 } from '../../address/ipv4.js';
import { formatIpv6, parseIpv6 } from '../../address/ipv6.js';
import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { listMapElements, type MapElement } from '../../kernel/nftables/map-elements.js';
import { runNft } from '../../kernel/nftables/nft.js';
import type { Host } from '../host.js';

/** A port of the host that leads to a port of one container, as its pod wants it: netnsd-cni writes it into the host's table. */
export interface PortMapping {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Of the family of `containerAddress`. 0.0.0.0, `::`: every address of the host. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

/** Maps of the host's table, one of each for IPv4 and for IPv6: ports of every address of the host, and of one. */
export const MAPPING_MAPS = ['mapped', 'mapped-at', 'mapped6', 'mapped-at6'] as const;
export type MappingMap = (typeof MAPPING_MAPS)[number];
const PROTOCOLS: Readonly<Record<number, PortMapping['protocol']>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };
/** nft(8) knows the others by name wherever it runs; this one only with a file of the host's. */
const NFT_NAMES = { tcp: 'tcp', udp: 'udp', sctp: '132' };

/** As elements of the maps, for nft(8); of two with one key the first. */
export function mappingElements(mappings: Iterable<PortMapping>): Record<MappingMap, string[]> {
  const elements = new Map(MAPPING_MAPS.map((map) => [map, new Map<string, string>()]));
  for (const { protocol, hostAddress, hostPort, containerAddress, containerPort } of mappings) {
    const six = containerAddress.includes(':');
    const [at, to] = [hostAddress, containerAddress].map((text) => (six ? formatIpv6(parseIpv6(text)) : text));
    const every = at === (six ? '::' : '0.0.0.0');
    const key = `${every ? '' : `${at} . `}${NFT_NAMES[protocol]} . ${hostPort}`;
    const map = elements.get(`${every ? 'mapped' : 'mapped-at'}${six ? '6' : ''}`);
    if (!map?.has(key)) map?.set(key, `${key} : ${to} . ${containerPort}`);
  }
  const list = (map: MappingMap): string[] => [...(elements.get(map)?.values() ?? [])];
  return {
    mapped: list('mapped'),
    'mapped-at': list('mapped-at'),
    mapped6: list('mapped6'),
    'mapped-at6': list('mapped-at6'),
  };
}

/** What the kernel has in the maps of both families, or of IPv4 alone. Throws kernel_error. */
export function readMappings(socket: NetlinkSocket, table: string, { ipv6 = true } = {}): PortMapping[] {
  return MAPPING_MAPS.filter((map) => ipv6 || !map.endsWith('6')).flatMap((map) =>
    listMapElements(socket, { table, map }).flatMap((element) => parseMapping(map, element)),
  );
}

/** The key is inet_proto . inet_service, behind the address where the port is of one; the data is an address . inet_service. Pure. */
export function parseMapping(map: MappingMap, { key, data }: MapElement): PortMapping[] {
  const bytes = map.endsWith('6') ? 16 : 4;
  const from = map.startsWith('mapped-at') ? bytes : 0;
  const protocol = PROTOCOLS[key[from] ?? 0];
  if (protocol === undefined || key.length !== from + 8 || data.length !== bytes + 4) return [];
  const addressIn = (buffer: Buffer): string =>
    bytes === 4 ? formatIpv4(buffer.readUInt32BE(0)) : formatIpv6([...buffer.subarray(0, bytes)]);
  return [
    {
      protocol,
      hostAddress: addressIn(from === 0 ? Buffer.alloc(bytes) : key),
      hostPort: key.readUInt16BE(from + 4),
      containerAddress: addressIn(data),
      containerPort: data.readUInt16BE(bytes),
    },
  ];
}

/**
 * Takes away what leads to these addresses, whose endpoints have no lease any more. DEL has done so already, as a rule: then this is one
 * question for each map. Rejects with kernel_error.
 */
export async function removeMappings(host: Host, addresses: readonly (readonly number[])[]): Promise<void> {
  const { nftables: socket, table } = host;
  if (socket === null || table === undefined || addresses.length === 0) return;
  const ended = new Set(addresses.map((one) => (one.length === 4 ? one.join('.') : formatIpv6(one))));
  const ipv6 = addresses.some(({ length }) => length > 4);
  const leading = readMappings(socket, table, { ipv6 }).filter(({ containerAddress }) => ended.has(containerAddress));
  if (leading.length === 0) return;
  const lines = Object.entries(mappingElements(leading)).flatMap(([map, elements]) =>
    elements.map((element) => `delete element inet ${table} ${map} { ${element} }`),
  );
  await host.inside(() => runNft(`${lines.join('\n')}\n`));
}
