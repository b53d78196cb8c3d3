import { readFileSync } from 'node:fs';
import { formatSubnet, parseSubnet } from '../address/ipv4.js';

/** What a file of the kind of flannel's /run/flannel/subnet.env says of this node. */
export interface NodeNetwork {
  /** The node's own part of the cluster's network, in CIDR notation. */
  readonly subnet: string;
  /** The cluster's networks. */
  readonly clusterNetworks: readonly string[];
  readonly mtuBytes: number | null;
  /** Whether flannel masquerades packets that leave the cluster; null: the file does not say. */
  readonly isMasqueraded: boolean | null;
}

/** Reads the file; throws an error whose message says what is wrong with it. */
export function readSubnetFile(path: string): NodeNetwork {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'ENOENT' ? `${path} does not exist (yet): the network of the cluster writes it` : `${path}: ${message}`,
    );
  }
  return parseSubnetFile(text, path);
}

/** Lines NAME=VALUE; of those that begin with FLANNEL_, the ones of IPv4. Pure. */
export function parseSubnetFile(text: string, path: string): NodeNetwork {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^\s*(?:export\s+)?([A-Z0-9_]+)=["']?([^"'#]*?)["']?\s*$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value ?? ''] as const];
    }),
  );
  const subnet = values.get('FLANNEL_SUBNET');
  if (subnet === undefined) throw new Error(`${path} has no line FLANNEL_SUBNET=ADDRESS/BITS`);
  const mtu = values.get('FLANNEL_MTU');
  const masquerade = values.get('FLANNEL_IPMASQ');
  return {
    subnet: networkOf(subnet, path),
    clusterNetworks: (values.get('FLANNEL_NETWORK') ?? '')
      .split(',')
      .filter((one) => one !== '')
      .map((one) => networkOf(one, path)),
    mtuBytes: mtu !== undefined && /^[1-9]\d{1,4}$/.test(mtu) ? Number(mtu) : null,
    isMasqueraded: masquerade === 'true' ? true : masquerade === 'false' ? false : null,
  };
}

/** flannel writes the gateway's address with the subnet's length: 10.244.1.1/24. */
function networkOf(text: string, path: string): string {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const octets = address.split('.').map(Number);
  const length = Number(bits);
  if (octets.length !== 4 || octets.some((octet) => octet > 255) || bits === '' || length > 32)
    throw new Error(`${path}: ${text} is no IPv4 network`);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const network = length === 0 ? 0 : Math.floor(value / 2 ** (32 - length)) * 2 ** (32 - length);
  return formatSubnet(parseSubnet(formatSubnet({ network, prefixLength: length })));
}
