import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PACKAGE_ROOT } from '../version.js';

/**
 * Runs the benchmark in namespaces of its own: network and mounts, so that it never touches the host; processes, so that
 * nothing outlives it (the first process of a pid namespace takes all others with it). /run is a fresh tmpfs there: the
 * state of every daemon, runtime and tool is kept in it and is gone at the end. Resolves with the exit status.
 */
export function runInSandbox(argv: readonly string[]): Promise<number> {
  const inside = fileURLToPath(new URL('dist/src/bench/inside.js', PACKAGE_ROOT));
  const prepare = 'mount -t tmpfs -o mode=0755 netnsd-bench /run && exec "$0" "$@"';
  const child = spawn(
    // Also where this process is killed: the kernel then kills unshare, which takes its child along.
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '--', 'unshare'],
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
      ...['--', 'sh', '-c', prepare, process.execPath, inside, ...argv],
    ],
    { stdio: 'inherit' },
  );
  // unshare ignores these two while its child runs.
  const end = (): boolean => child.kill('SIGKILL');
  process.on('SIGTERM', end).on('SIGINT', end);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGTERM', end).off('SIGINT', end);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
