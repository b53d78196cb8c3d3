/**
 * A process that stands outside and holds on to a namespace: `holder.js KIND NETNS_PATH [TARGET]`. Says `holding` when it
 * does, and ends with its standard input.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadProgram } from '../../../src/kernel/bpf/bpf.js';
import { assemble, exit, set } from '../../../src/kernel/bpf/bpf-instructions.js';
import { bpf, closeFd, enterNetns, MS_BIND, mount, openFd, openNetlink } from '../../../src/kernel/libc.js';

const FLOW_DISSECTOR = { type: 22, attach: 17 } as const;
const BPF_PROG_ATTACH = 8;

const KINDS: Record<string, (netnsPath: string) => unknown> = {
  'abstract socket': () => once(createServer().listen('\0netnsd-hostile'), 'listening'),
  'TCP listener': () => once(createServer().listen(7777, '0.0.0.0'), 'listening'),
  'UDP socket': () => {
    const socket = createSocket('udp4');
    socket.bind({ port: 7777, exclusive: true });
    return once(socket, 'listening');
  },
  'netlink socket': () => openNetlink(0),
  'open namespace': (path) => openSync(path, 'r'),
  'mount elsewhere': (path) => {
    mkdirSync('/run/hostile', { recursive: true });
    writeFileSync('/run/hostile/netns', '');
    mount({ source: path, target: '/run/hostile/netns', flags: MS_BIND });
  },
  'flow dissector': () => {
    const instructions = assemble([set(0, 0), exit]);
    const fd = loadProgram({ type: FLOW_DISSECTOR.type, attachType: 0, name: 'hostile', instructions });
    const attributes = Buffer.alloc(128);
    attributes.writeUInt32LE(fd, 4);
    attributes.writeUInt32LE(FLOW_DISSECTOR.attach, 8);
    bpf(BPF_PROG_ATTACH, attributes);
  },
};

const [, , kind = '', netnsPath = ''] = process.argv;
const hold = KINDS[kind];
if (hold === undefined) throw new Error(`no way to hold: ${kind}`);
const home = openFd('/proc/self/ns/net');
const there = openFd(netnsPath);
const isOutside = kind === 'open namespace' || kind === 'mount elsewhere';
if (!isOutside) enterNetns(there);
await hold(netnsPath);
if (!isOutside) enterNetns(home);
if (kind !== 'open namespace') closeFd(there);
process.stdout.write('holding\n');
process.stdin.on('end', () => process.exit()).resume();
