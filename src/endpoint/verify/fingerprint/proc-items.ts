import { errnoOf } from '../../../kernel/errno.js';
import { readProcFile } from '../../../kernel/process/proc-file.js';
import { describeLines, type Item, type View } from './item.js';

/** The calling thread's namespace, whichever the process's is. */
const FOLDER = '/proc/thread-self/net';

/** Reads a file of proc_pid_net(5) as lines; one that is not there has none. */
function lines(name: string): string[] {
  try {
    return readProcFile(`${FOLDER}/${name}`)
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return [];
  }
}

function textItem(name: string, read: (view: View) => string[]): Item {
  return { name, read: (view) => read(view).map((line) => Buffer.from(line)), describe: describeLines };
}

function fileItem(name: string, file: string, module?: string): Item {
  return textItem(name, ({ hasModule }) => (module === undefined || hasModule(module) ? lines(file) : []));
}

/** Lines of /proc/net/sockstat whose first numbers are a namespace's own; the rest is the machine's. */
const OWN_FIELDS = new Map([
  ['sockets', ['used']],
  ['TCP', ['inuse', 'tw']],
  ['UDP', ['inuse']],
  ['UDPLITE', ['inuse']],
  ['RAW', ['inuse']],
  ['FRAG', ['inuse', 'memory']],
  ['TCP6', ['inuse']],
  ['UDP6', ['inuse']],
  ['UDPLITE6', ['inuse']],
  ['RAW6', ['inuse']],
  ['FRAG6', ['inuse', 'memory']],
]);

/**
 * How many sockets there are, TIME_WAIT and packets in pieces included, whatever holds them: `used` counts those of every
 * family that a process made (net/core/sock.c).
 */
export const SOCKETS = textItem('sockets', ({ ownSockets }) => counts(ownSockets));
/** The same by protocol, with those that the kernel made for itself. */
export const PROTOCOL_SOCKETS = textItem('sockets by protocol', ({ ownSockets }) => protocols(ownSockets));

function counts(ownSockets: number): string[] {
  return [...lines('sockstat'), ...lines('sockstat6')].flatMap((line) => {
    const [name = '', ...words] = line.replace(':', '').split(' ');
    return (OWN_FIELDS.get(name) ?? []).map((field) => {
      const count = Number(words[words.indexOf(field) + 1]);
      return `${name} ${field} ${name === 'sockets' ? count - ownSockets : count}`;
    });
  });
}

function protocols(ownSockets: number): string[] {
  return lines('protocols')
    .slice(1)
    .map((line) => {
      const [name = '', , sockets] = line.split(/\s+/);
      const count = Number(sockets);
      return `${name} ${name === 'NETLINK' ? count - ownSockets : count}`;
    });
}

function withoutOwnGroup(line: string, [, group]: readonly Buffer[]): string {
  return group === undefined ? line : line.replace(group.toString('hex'), '3333ff (own)');
}

/** What procfs tells of a namespace and netlink does not. */
export const PROC_ITEMS: readonly Item[] = [
  SOCKETS,
  PROTOCOL_SOCKETS,
  fileItem('multicast groups', 'igmp'),
  fileItem('multicast filters', 'mcfilter'),
  fileItem('multicast filters (IPv6)', 'mcfilter6'),
  textItem('link multicast addresses', ({ own }) => lines('dev_mcast').map((line) => withoutOwnGroup(line, own.mac))),
  fileItem('packet handlers', 'ptype'),
  fileItem('flow labels', 'ip6_flowlabel'),
  fileItem('multicast routing interfaces', 'ip_mr_vif'),
  fileItem('legacy iptables tables', 'ip_tables_names', 'ip_tables'),
  fileItem('legacy ip6tables tables', 'ip6_tables_names', 'ip6_tables'),
  fileItem('legacy arptables tables', 'arp_tables_names', 'arp_tables'),
  fileItem('IPVS services', 'ip_vs', 'ip_vs'),
  fileItem('netfilter queues', 'netfilter/nfnetlink_queue', 'nfnetlink_queue'),
  fileItem('netfilter logs', 'netfilter/nfnetlink_log', 'nfnetlink_log'),
];
