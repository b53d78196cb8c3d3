/** Ethernet frames as hexadecimal digits, byte by byte, so that nothing of the kernel's or of netnsd's is believed. */

/** Hexadecimal digits of so many bytes. */
const hex = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0');
export const macHex = (mac: string): string => mac.replaceAll(':', '');
export const ipv4Hex = (address: string): string =>
  address
    .split('.')
    .map((part) => hex(Number(part), 1))
    .join('');

/** `fd00::1`, without an embedded IPv4 address. */
export function ipv6Hex(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':').map((part) => part.padStart(4, '0')));
  const [front, back] = [groups(head), groups(tail ?? '')];
  return [...front, ...Array<string>(8 - front.length - back.length).fill('0000'), ...back].join('');
}

export const ETHERTYPE = {
  ipv4: '0800',
  arp: '0806',
  ipv6: '86dd',
  vlan: '8100',
  serviceVlan: '88a8',
  mpls: '8847',
  experimental: '88b5',
} as const;

/** The least length of a frame is 60 bytes. */
export function ethernet(options: { from: string; to: string; type: string; content: string }): string {
  return `${macHex(options.to)}${macHex(options.from)}${options.type}${options.content}`.padEnd(120, '0');
}

/** RFC 1071. */
function checksum(bytes: string): string {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum += Number.parseInt(bytes.slice(at, at + 4).padEnd(4, '0'), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return hex(~sum & 0xffff, 2);
}

export const PROTOCOL = { icmp: 1, ipip: 4, udp: 17, gre: 47, icmp6: 58 } as const;
/** Bits of the third 16-bit word of the header: more fragments follow; this one is the second, behind 8 bytes. */
export const FRAGMENT = { first: 0x2000, second: 1 } as const;

export function ipv4(options: {
  from: string;
  to: string;
  protocol?: number;
  fragment?: number;
  /** Multiples of four bytes. */
  ipOptions?: string;
  content: string;
}): string {
  const { from, to, protocol = PROTOCOL.udp, fragment = 0, ipOptions = '', content } = options;
  const words = 5 + ipOptions.length / 8;
  const length = 4 * words + content.length / 2;
  const start = `4${words.toString(16)}00${hex(length, 2)}0001${hex(fragment, 2)}40${hex(protocol, 1)}`;
  const rest = `${ipv4Hex(from)}${ipv4Hex(to)}${ipOptions}`;
  return `${start}${checksum(`${start}0000${rest}`)}${rest}${content}`;
}

/** Loose source routing by way of `hops`; RFC 791. */
export function sourceRoute(...hops: string[]): string {
  const route = `83${hex(3 + 4 * hops.length, 1)}04${hops.map(ipv4Hex).join('')}`;
  return route.padEnd(Math.ceil(route.length / 8) * 8, '0');
}

export function udp({ from = 7777, to = 7777, content }: { from?: number; to?: number; content: string }): string {
  return `${hex(from, 2)}${hex(to, 2)}${hex(8 + content.length / 2, 2)}0000${content}`;
}

/** A question of RFC 792. */
export function icmpEcho(content: string): string {
  const rest = `00010001${content}`;
  return `0800${checksum(`08000000${rest}`)}${rest}`;
}

/** RFC 826. `operation`: 1 asks, 2 answers. */
export function arp(options: {
  operation: 1 | 2;
  senderMac: string;
  sender: string;
  targetMac?: string;
  target: string;
  content: string;
}): string {
  const { operation, senderMac, sender, targetMac = '00:00:00:00:00:00', target, content } = options;
  return `000108000604${hex(operation, 2)}${macHex(senderMac)}${ipv4Hex(sender)}${macHex(targetMac)}${ipv4Hex(target)}${content}`;
}

export function ipv6(options: { from: string; to: string; next?: number; content: string }): string {
  const { from, to, next = PROTOCOL.udp, content } = options;
  return `60000000${hex(content.length / 2, 2)}${hex(next, 1)}ff${ipv6Hex(from)}${ipv6Hex(to)}${content}`;
}

/** ICMPv6 with its checksum, as the content of a packet between these; RFC 4861. */
export function icmp6(options: { from: string; to: string; type: number; content: string }): string {
  const { from, to, type, content } = options;
  const pseudo = `${ipv6Hex(from)}${ipv6Hex(to)}${hex(4 + content.length / 2, 4)}0000003a`;
  const sum = checksum(`${pseudo}${hex(type, 1)}000000${content}`);
  return ipv6({ from, to, next: PROTOCOL.icmp6, content: `${hex(type, 1)}00${sum}${content}` });
}
