import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { packagePath } from '../../version.js';

const MAIN = packagePath('dist/src/bench/peers/constant-server-main.js');
const SOCKET = '/run/bench-constant.sock';
const POLL_MS = 2;

export interface ConstantServer {
  readonly socket: string;
  /** Milliseconds from exec until a connection was accepted. */
  readonly startedAfterMs: number;
  stop(): Promise<void>;
}

/**
 * A process with a fastify server that answers every acquire with one lease document of the usual size: the least that an
 * answer of the daemon's can cost.
 */
export async function openConstantServer(): Promise<ConstantServer> {
  rmSync(SOCKET, { force: true });
  const startMs = performance.now();
  const child = spawn(process.execPath, [MAIN, SOCKET], { stdio: ['ignore', 'inherit', 'inherit'] });
  while (!(await accepts())) await delay(POLL_MS);
  const startedAfterMs = performance.now() - startMs;
  return {
    socket: SOCKET,
    startedAfterMs,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function accepts(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(SOCKET);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
