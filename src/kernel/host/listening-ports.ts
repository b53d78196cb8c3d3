import { readFileSync } from 'node:fs';
import { errnoOf } from '../errno.js';

export type Protocol = 'tcp' | 'udp';

/** proc_net(5): TCP_LISTEN. UDP sockets have no such state: each takes its port. */
const LISTEN = '0A';

/** The ports at which sockets of this network namespace listen, as `tcp/22`. */
export function listeningPorts(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const protocol of ['tcp', 'udp'] as const)
    for (const family of ['', '6']) for (const port of portsIn(read(`${protocol}${family}`), protocol)) found.add(port);
  return found;
}

function read(table: string): string {
  try {
    return readFileSync(`/proc/net/${table}`, 'latin1');
  } catch (error) {
    // A kernel without IPv6.
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Of the text of /proc/net/tcp and its like: `sl local_address rem_address st …`, addresses as `HEX:PORT`. */
export function portsIn(table: string, protocol: Protocol): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const port = /^[0-9A-F]+:([0-9A-F]{4})$/.exec(local)?.[1];
    if (port === undefined || (protocol === 'tcp' && state !== LISTEN)) return [];
    return [`${protocol}/${Number.parseInt(port, 16)}`];
  });
}
