import { spawn } from 'node:child_process';
import { NetnsdError } from '../../errors.js';

/** Runs a program to its end and resolves with its standard output; throws `internal` with its own words if it fails. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string>; onFirstOutput?: () => void } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env === undefined ? process.env : { ...process.env, ...options.env },
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    if (options.onFirstOutput !== undefined) child.stdout?.once('data', options.onFirstOutput);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const words = (stderr || stdout).trim().split('\n').at(-1) ?? '';
      reject(new NetnsdError('internal', `${command} ended with ${signal ?? `status ${code}`}: ${words}`));
    });
    // A program that ends without reading its input is judged by its status.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.stdin);
  });
}

/** Calls `act` for 0 … count-1, `width` at a time; throws the first error after all that had begun have ended. */
export async function concurrently(count: number, width: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, count) }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
}
