import { parseSubnet } from '../../address/ipv4.js';
import { parseSubnet6 } from '../../address/ipv6.js';
import { rangesOverlap } from '../../address/range.js';
import { hasCode } from '../../errors.js';

/**
 * Addresses at which clouds tell a machine its credentials: AWS, Google, Azure and others; AWS ECS; Alibaba; Azure's wire server. The same by
 * the well-known prefix of NAT64 (RFC 6052); and of IPv6: AWS, AWS EKS, Google, Oracle.
 */
export const CLOUD_METADATA: readonly string[] = [
  '169.254.169.254/32',
  '169.254.170.2/32',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '64:ff9b::a9fe:a9fe/128',
  '64:ff9b::a9fe:aa02/128',
  '64:ff9b::6464:64c8/128',
  '64:ff9b::a83f:8110/128',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
];

/** A network of either family in CIDR notation. */
export function isNetwork(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return adviceOf(() => void (value.includes(':') ? parseSubnet6(value) : parseSubnet(value))) === undefined;
}

/** The last four bytes of an endpoint's address are those of its IPv4 address. */
export const SUBNET6_BITS = { least: 32, most: 96 } as const;
/** ::/8, which has loopback, mapped and translated addresses; link-local; multicast. */
const NOT_UNICAST = ['::/8', 'fe80::/10', 'ff00::/8'].map(parseSubnet6);

/** Why this is no `subnet6`; undefined: it is one. */
export function subnet6Advice(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return adviceOf(() => {
    const subnet = parseSubnet6(value);
    if (subnet.prefixLength < SUBNET6_BITS.least) return 'too large';
    if (subnet.prefixLength > SUBNET6_BITS.most)
      return 'too small: the last 32 bits of an address are those of the IPv4 address';
    return NOT_UNICAST.some((one) => rangesOverlap(one, subnet)) ? 'not for unicast addresses' : undefined;
  });
}

/** What `advise` says, or the message of what it throws. */
export function adviceOf(advise: () => string | undefined): string | undefined {
  try {
    return advise();
  } catch (error) {
    if (!hasCode(error, 'bad_request')) throw error;
    return error.message;
  }
}
