import { formatIpv4 } from '../../address/ipv4.js';
import type { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { listMapElements, type MapElement } from '../../kernel/nftables/map-elements.js';
import { runNft } from '../../kernel/nftables/nft.js';
import type { Host } from '../host.js';

/** A port of the host that leads to a port of one container, as its pod wants it: netnsd-cni writes it into the host's table. */
export interface PortMapping {
  readonly protocol: 'tcp' | 'udp';
  /** 0.0.0.0: every address of the host. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

/** Maps of the host's table: ports of every address of the host, and of one. */
export const MAPPED = 'mapped';
export const MAPPED_AT = 'mapped-at';
const EVERY_ADDRESS = '0.0.0.0';
const PROTOCOLS: Readonly<Record<number, PortMapping['protocol']>> = { 6: 'tcp', 17: 'udp' };

/** As elements of the two maps; of two with one key the first. */
export function mappingElements(mappings: Iterable<PortMapping>): { mapped: string[]; mappedAt: string[] } {
  const elements = { mapped: new Map<string, string>(), mappedAt: new Map<string, string>() };
  for (const { protocol, hostAddress, hostPort, containerAddress, containerPort } of mappings) {
    const every = hostAddress === EVERY_ADDRESS;
    const key = `${every ? '' : `${hostAddress} . `}${protocol} . ${hostPort}`;
    const map = every ? elements.mapped : elements.mappedAt;
    if (!map.has(key)) map.set(key, `${key} : ${containerAddress} . ${containerPort}`);
  }
  return { mapped: [...elements.mapped.values()], mappedAt: [...elements.mappedAt.values()] };
}

/** What the kernel has in both maps. Throws kernel_error. */
export function readMappings(socket: NetlinkSocket, table: string): PortMapping[] {
  return [MAPPED, MAPPED_AT].flatMap((map) => listMapElements(socket, { table, map }).flatMap(parseMapping));
}

/** The key is inet_proto . inet_service, behind the address where the port is of one; the data is ipv4_addr . inet_service. Pure. */
export function parseMapping({ key, data }: MapElement): PortMapping[] {
  const from = key.length === 12 ? 4 : 0;
  const protocol = PROTOCOLS[key[from] ?? 0];
  if (protocol === undefined || key.length !== from + 8 || data.length !== 8) return [];
  return [
    {
      protocol,
      hostAddress: from === 0 ? EVERY_ADDRESS : formatIpv4(key.readUInt32BE(0)),
      hostPort: key.readUInt16BE(from + 4),
      containerAddress: formatIpv4(data.readUInt32BE(0)),
      containerPort: data.readUInt16BE(4),
    },
  ];
}

/**
 * Takes away what leads to these addresses, whose endpoints have no lease any more. DEL has done so already, as a rule: then this is one
 * question. Rejects with kernel_error.
 */
export async function removeMappings(host: Host, addresses: readonly (readonly number[])[]): Promise<void> {
  const { nftables: socket, table } = host;
  if (socket === null || table === undefined || addresses.length === 0) return;
  const ended = new Set(addresses.map((address) => address.join('.')));
  const leading = readMappings(socket, table).filter(({ containerAddress }) => ended.has(containerAddress));
  if (leading.length === 0) return;
  const { mapped, mappedAt } = mappingElements(leading);
  const lines = [
    ...mapped.map((element) => `delete element inet ${table} ${MAPPED} { ${element} }`),
    ...mappedAt.map((element) => `delete element inet ${table} ${MAPPED_AT} { ${element} }`),
  ];
  await host.inside(() => runNft(`${lines.join('\n')}\n`));
}
