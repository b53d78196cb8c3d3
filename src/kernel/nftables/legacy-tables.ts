import { execFileSync } from 'node:child_process';
import { parseIpv6 } from '../../address/ipv6.js';
import { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';
import type { ForwardChain, Pass } from './forward-chains.js';

const CHAIN = 'FORWARD';
const PROGRAMS = { ip: 'iptables-legacy', ip6: 'ip6tables-legacy' } as const;
type LegacyFamily = keyof typeof PROGRAMS;

/**
 * The chain FORWARD of the old iptables, or ip6tables, which no netlink message tells of. Undefined where there is no such program; throws
 * `missing_tool`, with its words, where it fails.
 * To be asked only while /proc/net/ip_tables_names (ip6_…) has the table: otherwise the kernel would make it.
 */
export function readLegacyForward(family: LegacyFamily, program: string = PROGRAMS[family]): ForwardChain | undefined {
  try {
    // sbin is where Debian keeps it, and not in every user's PATH.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
    const text = execFileSync(program, ['-t', 'filter', '-S'], { encoding: 'utf8', stdio: 'pipe', env });
    return parseLegacyForward(text, family);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    const words = (error as { stderr?: string }).stderr?.trim().split('\n')[0];
    throw new NetnsdError('missing_tool', `${program} failed: ${words || (error as Error).message}`, {
      cause: error,
    });
  }
}

/** What `iptables -S` prints, or `ip6tables -S`. */
export function parseLegacyForward(text: string, family: LegacyFamily): ForwardChain {
  const lines = text.split('\n');
  const policy = lines.includes(`-P ${CHAIN} DROP`) ? 'drop' : 'accept';
  const passes = lines
    .filter((line) => line.startsWith('-A ') && !/ -j (DROP|REJECT)\b/.test(line))
    .flatMap((line) => passesOf(line, family));
  return { family, table: `filter (${PROGRAMS[family]})`, chain: CHAIN, policy, passes };
}

function passesOf(line: string, family: LegacyFamily): Pass[] {
  const links = [...line.matchAll(/(! )?-[io] (\S+)/g)].map(([, not, link = '']) =>
    not ? [] : [{ link: link.replace(/\+$/, '*') }],
  );
  const addresses = [...line.matchAll(/(! )?-[sd] ([\da-f.:]+)\/(\d+)/g)].map(([, not, text = '', bits]) => {
    const address = family === 'ip' ? text.split('.').map(Number) : [...parseIpv6(text)];
    return not ? [] : [{ family, address, mask: maskOf(Number(bits), address.length) }];
  });
  return [...links, ...addresses].flat();
}

function maskOf(bits: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 255);
}
