import { execa } from 'execa';
import type { Test } from 'tap';
import { eventually } from './eye.js';

/** Answers by TCP and UDP with what it is called; `source=` behind it, the address that it sees. */
const SERVER = `
const [port, name] = process.argv.slice(1);
const answer = (address) => name + ' source=' + address.replace('::ffff:', '');
require('node:net').createServer((socket) => socket.on('error', () => {}).end(answer(socket.remoteAddress))).listen(Number(port));
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (_, { address, port: to }) => socket.send(answer(address), to, address)).bind(Number(port));
`;

const CLIENT = `
const [protocol, host, port, from] = process.argv.slice(1);
const end = (text) => { process.stdout.write(text); process.exit(0); };
if (protocol === 'udp') {
  const socket = require('node:dgram').createSocket('udp4').on('message', (data) => end(data)).on('error', ({ code }) => end('error ' + code));
  socket.bind(Number(from ?? 0), () => setInterval(() => socket.send('?', Number(port), host), 50));
} else {
  const socket = require('node:net').connect({ host, port: Number(port) });
  socket.on('data', (data) => end(data)).on('error', ({ code }) => end('error ' + code));
}
setTimeout(() => end('nothing'), protocol === 'udp' ? 1500 : 5000);
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
