import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import koffi from 'koffi';
import { closeFd, enterNetns, openFd, openNetlink } from '../../../src/kernel/libc.js';

/** What lasts of a namespace, by the tools that people have. */
const COMMANDS = [
  'ip -j -d link',
  'ip -j address',
  'ip -j -4 route show table all',
  'ip -j -6 route show table all',
  'ip -j -4 rule',
  'ip -j -6 rule',
  'ip -j nexthop',
  'ip neighbour show nud permanent',
  'ip neighbour show proxy',
  'ip addrlabel',
  'ip tcp_metrics',
  'ip xfrm state',
  'ip xfrm policy',
  'ip xfrm policy getdefault',
  'ip mptcp endpoint',
  'ip mptcp limits',
  'ip ioam namespace show',
  'ip sr tunsrc show',
  'tc -j qdisc show invisible',
  'tc filter show dev eth0 egress',
  'nft -j list ruleset',
  'conntrack -C',
  'ethtool -k eth0',
  'cat /proc/net/igmp /proc/net/dev_mcast /proc/net/mcfilter /proc/net/ptype',
  'cat /proc/net/ip_tables_names /proc/net/ip6_tables_names',
  'cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 /proc/net/raw /proc/net/packet /proc/net/unix',
  // One netlink socket may be the seal's.
  `awk 'NR > 1 && $3 > 0 { n++ } END { print (n > 1 ? n : 0) }' /proc/net/netlink`,
  'sysctl -a --pattern ^net[.]',
] as const;
const SEPARATOR = '\0next\n';
/** A count. */
const NOT_COMPARED = /^net\.netfilter\.nf_conntrack_count = .*\n/gm;

/** What one endpoint has for itself. */
export interface Own {
  readonly netnsPath: string;
  readonly address: string;
  readonly mac: string;
}

/** What there is inside, by command; what differs between endpoints is replaced by words. */
export async function readyProblem({ netnsPath, address, mac }: Own): Promise<Map<string, string>> {
  const script = COMMANDS.map((command) => `${command} 2>&1; printf '\\0next\\n'`).join('\n');
  const args = [`--net=${netnsPath}`, 'bash', '-c', script];
  const { stdout } = await promisify(execFile)('nsenter', args, { maxBuffer: 1 << 24 });
  const texts = stdout.split(SEPARATOR);
  const general = (text = '') =>
    text
      .replaceAll(mac, 'MAC')
      .replaceAll(new RegExp(`\\b${address.replaceAll('.', '[.]')}\\b`, 'g'), 'ADDRESS')
      .replaceAll(/"link_index":\d+/g, '"link_index":PEER')
      .replaceAll(NOT_COMPARED, '');
  return new Map(COMMANDS.map((command, at) => [command, general(texts[at])]));
}

/** How `found` differs from `pristine`, a line for each part of them that does. */
export function differences(pristine: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const names = new Set([...pristine.keys(), ...found.keys()]);
  return [...names].flatMap((name) => {
    const [before, now] = [pristine.get(name)?.split('\n') ?? [], found.get(name)?.split('\n') ?? []];
    const more = now.filter((line) => !before.includes(line));
    const fewer = before.filter((line) => !now.includes(line));
    return before.join() === now.join() ? [] : [`${name}: has ${shorten(more)} instead of ${shorten(fewer)}`];
  });
}

function shorten(lines: readonly string[]): string {
  return JSON.stringify(lines.map((line) => line.slice(0, 400)).slice(0, 4));
}

const libc = koffi.load('libc.so.6');
const getsockopt = libc.func('int getsockopt(int, int, int, _Out_ void*, _Inout_ uint32_t*)');
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;

/** A number that the kernel gives to one network namespace and to no other, ever, unlike its inode (socket(7)). */
export function cookieOf(netnsPath: string): bigint {
  const home = openFd('/proc/thread-self/ns/net');
  const there = openFd(netnsPath);
  enterNetns(there);
  const fd = openNetlink(0);
  enterNetns(home);
  const cookie = Buffer.alloc(8);
  const failed = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, [cookie.length]);
  for (const one of [fd, there, home]) closeFd(one);
  if (failed !== 0) throw new Error('the kernel does not tell namespaces apart: SO_NETNS_COOKIE came with Linux 5.14');
  return cookie.readBigUInt64LE();
}
