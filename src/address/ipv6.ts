import { isIPv6 } from 'node:net';
import { NetnsdError } from '../errors.js';
import { type AddressRange, containingRange } from './range.js';

const BYTES = 16;
const CIDR = /^([^/]*)\/(12[0-8]|1[01]\d|[1-9]?\d)$/;

/** `fd00::1` as 16 bytes; any spelling of RFC 4291, 2.2, but none with a zone. Throws `bad_request`. */
export function parseIpv6(text: string): number[] {
  if (!isIPv6(text) || text.includes('%'))
    throw new NetnsdError('bad_request', `${JSON.stringify(text)} is no IPv6 address`);
  // WHATWG URL writes IPv6 addresses as RFC 5952 says, so the last four bytes are not in decimal.
  const [head = '', tail] = canonicalText(text).split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: BYTES / 2 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]);
}

function canonicalText(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** 16 bytes as RFC 5952 has them: `fd00::1`. */
export function formatIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: BYTES / 2 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return canonicalText(groups.join(':'));
}

/** `fd00::/64` taken apart; throws `bad_request` unless it is a network address in which no host bit is set. */
export function parseSubnet6(text: string): AddressRange {
  const [, address, prefix] = CIDR.exec(text) ?? [];
  if (address === undefined || !isIPv6(address))
    throw new NetnsdError('bad_request', `${JSON.stringify(text)} is no IPv6 subnet such as fd00:213::/64`);
  const bytes = parseIpv6(address);
  const subnet = containingRange(bytes, Number(prefix));
  if (String(subnet.network) !== String(bytes))
    throw new NetnsdError('bad_request', `${JSON.stringify(text)} has host bits set: write ${formatSubnet6(subnet)}`);
  return subnet;
}

/** The subnet as `fd00::/64`. */
export function formatSubnet6({ network, prefixLength }: AddressRange): string {
  return `${formatIpv6(network)}/${prefixLength}`;
}

/** The subnet of an address in CIDR notation: `fd00::/64` of `fd00::5/64`. Throws `bad_request`. */
export function subnet6OfAddress(text: string): AddressRange {
  const [address = '', prefix] = text.split('/');
  return containingRange(parseIpv6(address), Number(prefix));
}
