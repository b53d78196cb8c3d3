import { spawn, spawnSync } from 'node:child_process';
import { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';

/** Distributions install nft in sbin, which may be missing from PATH. */
const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
/** On a slow machine the first script waits until the kernel has loaded a dozen modules. */
const DEADLINE_MS = 60_000;

/**
 * `nft -f -`: carries out a script as one transaction, in the calling process's network namespace. Rejects with `missing_tool` where nft is
 * not installed, and with `kernel_error` and nft's first line where it or the kernel refuses.
 */
export async function runNft(script: string): Promise<void> {
  // Not by execa, which is not needed for this and takes 6 MB of the daemon's memory.
  const child = spawn('nft', ['-f', '-'], {
    env: { ...process.env, PATH },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: DEADLINE_MS,
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  // What ends without reading the script is told by its status.
  child.stdin.on('error', () => undefined).end(script);
  const failure = await new Promise<Error | null>((resolve) => {
    child.on('error', resolve);
    child.on('close', (code, signal) => resolve(failureOf({ status: code, signal, words })));
  });
  if (failure !== null) throw explained(failure);
}

/** The same without waiting for an event, in the network namespace of the calling thread. */
export function runNftNow(script: string): void {
  const { error, status, signal, stderr } = spawnSync('nft', ['-f', '-'], {
    env: { ...process.env, PATH },
    input: script,
    stdio: ['pipe', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  // What ends without reading the script (EPIPE) is told by its status.
  const failure = status === null && error ? error : failureOf({ status, signal, words: stderr });
  if (failure !== null) throw explained(failure);
}

function failureOf(ended: { status: number | null; signal: string | null; words: string }): Error | null {
  const { status, signal, words } = ended;
  if (status === 0) return null;
  const how = signal === 'SIGTERM' ? `no end within ${DEADLINE_MS / 1000} s` : `it ended with ${signal ?? status}`;
  return new Error(words.trim().split('\n')[0] || how);
}

function explained(failure: Error): NetnsdError {
  if (errnoOf(failure) === 'ENOENT')
    return new NetnsdError('missing_tool', 'nft is not installed (Debian: apt-get install nftables)', {
      cause: failure,
    });
  return new NetnsdError('kernel_error', `nft failed: ${failure.message}`, { cause: failure });
}
