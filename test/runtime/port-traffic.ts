import { execa, execaSync } from 'execa';
import type { Test } from 'tap';
import { eventually } from './eye.js';

export const HERE = '/proc/self/ns/net';
export const BEYOND = '/run/netns/beyond';

/** A neighbour; the host has two IPv4 addresses that it reaches, and two of IPv6. */
export function neighbour(t: Test): void {
  const commands = [
    'netns add beyond',
    'link add uplink0 type veth peer name eth0 netns beyond',
    'address add 192.0.2.1/24 dev uplink0',
    'address add 192.0.2.9/24 dev uplink0',
    'address add 2001:db8::1/64 dev uplink0 nodad',
    'address add 2001:db8::9/64 dev uplink0 nodad',
    'link set uplink0 up',
    '-n beyond address add 192.0.2.2/24 dev eth0',
    '-n beyond address add 2001:db8::2/64 dev eth0 nodad',
    '-n beyond link set eth0 up',
  ];
  for (const command of commands) execaSync('ip', command.split(' '));
  t.teardown(() => {
    execaSync('ip', ['link', 'delete', 'uplink0']);
    execaSync('ip', ['netns', 'delete', 'beyond']);
  });
}

export const wanting = (...portMappings: object[]) => ({ runtimeConfig: { portMappings } });
export const port = (hostPort: number, containerPort: number, more: object = {}) => ({
  hostPort,
  containerPort,
  ...more,
});

/** The elements of the maps of port mappings, by nft. */
export async function mapped(): Promise<unknown[]> {
  const { stdout } = await execa('nft', ['-j', 'list', 'ruleset']);
  const { nftables } = JSON.parse(stdout) as {
    nftables: { map?: { name: string; table: string; elem?: unknown[] } }[];
  };
  const own = nftables.flatMap(({ map }) => (map?.name.startsWith('mapped') ? (map.elem ?? []) : []));
  return own;
}

/** Answers by TCP and UDP with what it is called; `source=` behind it, the address that it sees. */
const SERVER = `
const [port, name] = process.argv.slice(1);
const answer = (address) => name + ' source=' + address.replace('::ffff:', '');
require('node:net').createServer((socket) => socket.on('error', () => {}).end(answer(socket.remoteAddress))).listen(Number(port));
for (const options of [{ type: 'udp4' }, { type: 'udp6', ipv6Only: true }]) {
  const socket = require('node:dgram').createSocket(options).on('error', () => {});
  socket.on('message', (_, { address, port: to }) => socket.send(answer(address), to, address)).bind(Number(port));
}
`;

const CLIENT = `
const [protocol, host, port, from] = process.argv.slice(1);
const end = (text) => { process.stdout.write(text); process.exit(0); };
if (protocol === 'udp') {
  const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4').on('message', (data) => end(data)).on('error', ({ code }) => end('error ' + code));
  socket.bind(Number(from ?? 0), () => setInterval(() => socket.send('?', Number(port), host), 50));
} else {
  const socket = require('node:net').connect({ host, port: Number(port) });
  socket.on('data', (data) => end(data)).on('error', ({ code }) => end('error ' + code));
}
setTimeout(() => end('nothing'), 10000);
`;

/** A server at all addresses of the namespace at `path`, which ends with the test; it listens when this resolves. */
export async function answerIn(t: Test, path: string, port: number, name: string): Promise<void> {
  const server = execa('nsenter', [`--net=${path}`, process.execPath, '-e', SERVER, `${port}`, name], {
    reject: false,
  });
  t.teardown(() => server.kill('SIGKILL'));
  await eventually(`${name} answers`, async () => (await ask(path, 'tcp', '127.0.0.1', port)).startsWith(name));
}

/** What a server says to a client in the namespace at `path`; `nothing` if it does not answer, or the error. `from`: the port of its own. */
export async function ask(
  path: string,
  protocol: 'tcp' | 'udp',
  host: string,
  port: number,
  from?: number,
): Promise<string> {
  const args = [protocol, host, `${port}`, ...(from === undefined ? [] : [`${from}`])];
  return (await execa('nsenter', [`--net=${path}`, process.execPath, '-e', CLIENT, ...args])).stdout;
}
