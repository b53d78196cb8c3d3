import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nativeProgram } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';

const PORT = '7411';

/** Where a program runs: in the namespace at `path`, or in the host. */
export interface Side {
  readonly address: string;
  readonly path: string | null;
}

/** From whom to whom. */
export interface Line {
  readonly client: Side;
  readonly server: Side;
}

export interface Traffic {
  readonly gigabits: number;
  readonly tripUs: number;
}

/** One TCP stream for `streamMs`, then `trips` round trips of one byte, on a connection of their own; their median. */
export async function measureTraffic(
  { client, server }: Line,
  { streamMs, trips }: { streamMs: number; trips: number },
): Promise<Traffic> {
  const [file, ...args] = inside(server, ['serve', server.address, PORT]);
  const serving = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(serving, 'exit');
  try {
    const stream = JSON.parse(await run(client, ['stream', server.address, PORT, String(streamMs)])) as {
      bytes: number;
      ns: number;
    };
    const { medianNs } = JSON.parse(await run(client, ['trips', server.address, PORT, String(trips)])) as {
      medianNs: number;
    };
    return { gigabits: (8 * stream.bytes) / stream.ns, tripUs: medianNs / 1000 };
  } finally {
    serving.kill('SIGKILL');
    await ended;
  }
}

async function run(side: Side, words: readonly string[]): Promise<string> {
  const [file, ...args] = inside(side, words);
  return await runProcess(file, args);
}

/** nsenter executes the program in its place. */
function inside({ path }: Side, words: readonly string[]): [file: string, ...args: string[]] {
  const program = nativeProgram('network-load');
  return path === null ? [program, ...words] : ['nsenter', `--net=${path}`, program, ...words];
}
