import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { runProcess } from '../programs/run-process.js';

const NAME = 'outside';
const LINK = 'uplink0';
const HOST = '192.0.2.1';
const SERVER = `require('node:http').createServer((request, response) => response.end('hello from outside to ' + request.socket.remoteAddress + '\\n'))
  .listen(80, '0.0.0.0', () => process.stdout.write('listening'))`;

const CLIENT = `require('node:http').get(process.argv[1], { timeout: 10000 }, (response) => response.pipe(process.stdout))
  .on('timeout', () => process.exit(1)).on('error', () => process.exit(1))`;

/** Another host on the network of this one: it answers requests, and sends some. */
export interface Outside {
  readonly address: string;
  /** This host, as it is reached from there. */
  readonly host: string;
  /** What it gets from a URL. */
  get(url: string): Promise<string>;
  close(): Promise<void>;
}

export async function openOutside(): Promise<Outside> {
  const address = '192.0.2.2';
  const commands = [
    `netns add ${NAME}`,
    `link add ${LINK} type veth peer name eth0 netns ${NAME}`,
    `address add ${HOST}/24 dev ${LINK}`,
    `link set ${LINK} up`,
    `-n ${NAME} address add ${address}/24 dev eth0`,
    `-n ${NAME} link set eth0 up`,
    `route add default via ${address}`,
  ];
  for (const command of commands) await runProcess('ip', command.split(' '));
  const within = [`--net=/run/netns/${NAME}`];
  const server = spawn('nsenter', [...within, process.execPath, '-e', SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return {
    address,
    host: HOST,
    get: async (url) => (await runProcess('nsenter', [...within, process.execPath, '-e', CLIENT, url])).trim(),
    async close() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      await runProcess('ip', ['link', 'delete', LINK]);
      await runProcess('ip', ['netns', 'delete', NAME]);
    },
  };
}
