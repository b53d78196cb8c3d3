import { spawnSync } from 'node:child_process';
import { NetnsdError } from '../../errors.js';
import type { Launched } from '../programs/launch.js';
import { nativeProgram } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';
import { acquireOver, POOL } from '../suites/acquire-load.js';

export { POOL };

/** Milliseconds of acquires, one after the other. */
export type Acquired = readonly number[];

/** What scripts call: `netnsd acquire` and `release`. */
export interface FrontCalls {
  /** The path of a new lease of this container. */
  acquire(id: string): string;
  release(id: string): void;
}

export function frontOf({ socket }: Launched): FrontCalls {
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(nativeProgram('netnsd'), [...args, '--socket', socket], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new NetnsdError('internal', `netnsd ${args[0]} failed: ${stderr.trim()}`);
    return stdout.trim();
  };
  return {
    acquire: (id) => run('acquire', '--path', '--pool', POOL, '--id', id),
    release: (id) => void run('release', '--id', id),
  };
}

/** `netnsd acquire --path`, which takes from the shelf, from fork to end; released behind the clock. */
export function acquireByFront(daemon: Launched, count: number): Acquired {
  const front = frontOf(daemon);
  return Array.from({ length: count }, (_, index) => {
    const startedMs = performance.now();
    front.acquire(`scale-${index}`);
    const tookMs = performance.now() - startedMs;
    front.release(`scale-${index}`);
    return tookMs;
  });
}

/** The same over HTTP on one kept connection. */
export async function acquireByHttp({ socket }: Launched, count: number): Promise<Acquired> {
  return (await acquireOver(socket, { connections: 1, total: count, interval: 0 })).latenciesMs;
}

/** How many packets have arrived at the interface of the endpoint at `path`. */
export async function packetsAt(path: string): Promise<number> {
  const text = await runProcess('nsenter', [`--net=${path}`, 'cat', '/proc/net/dev']);
  return Number(/^\s*eth0:\s*\d+\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
