import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { packagePath } from '../version.js';

/** How long a measurement that was interrupted may take to end before it is killed. */
const GRACE_MS = 5000;
/**
 * What daemons of others write outside of /run (keys, folders for plugins, leases of addresses) goes to the sandbox's
 * /run as well.
 */
const KEEP_FOLDERS = [
  'for folder in etc opt var; do',
  'mkdir -p "/run/kept/$folder/upper" "/run/kept/$folder/work" &&',
  'mount -t overlay -o "lowerdir=/$folder,upperdir=/run/kept/$folder/upper,workdir=/run/kept/$folder/work" netnsd-bench "/$folder"',
  '|| exit 1; done',
].join(' ');

/** What runs inside, where it is not the suites. */
export interface Inside {
  /** The program, below dist/src/bench. */
  readonly program: string;
  /** A file that it finds at descriptor 3. */
  readonly fd: number;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs the benchmark in namespaces of its own: network and mounts, so that it never touches the host; processes, so that
 * nothing outlives it (the first process of a pid namespace takes all others with it). /run is a fresh tmpfs there: the
 * state of every daemon, runtime and tool is kept in it and is gone at the end. Resolves with the exit status.
 *
 * With `inside`, SIGINT and SIGTERM end it by the end of its standard input, and what others write to /etc, /opt and /var is
 * gone at the end as well.
 */
export function runInSandbox(argv: readonly string[], inside?: Inside): Promise<number> {
  const program = packagePath(`dist/src/bench/${inside?.program ?? 'inside.js'}`);
  const mounts = `mount -t tmpfs -o mode=0755 netnsd-bench /run${inside === undefined ? '' : ` && ${KEEP_FOLDERS}`}`;
  // Daemons leave children to the first process: a shell waits for them, a measuring process does not.
  const run = inside === undefined ? 'exec "$0" "$@"' : '{ "$0" "$@"; exit; }';
  const child = spawn(
    // Also where this process is killed: the kernel then kills unshare, which takes its child along.
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '--', 'unshare'],
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
      ...['--', 'sh', '-c', `${mounts} && ${run}`, process.execPath, program, ...argv],
    ],
    inside === undefined
      ? { stdio: 'inherit' }
      : { stdio: ['pipe', 'inherit', 'inherit', inside.fd], env: { ...process.env, ...inside.env } },
  );
  const end = inside === undefined ? () => void child.kill('SIGKILL') : interruption(child);
  // unshare ignores these two while its child runs.
  process.on('SIGTERM', end).on('SIGINT', end);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGTERM', end).off('SIGINT', end);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The first time asks it to end, the second time and after a while kills it. */
function interruption(child: ChildProcess): () => void {
  let asked = false;
  const kill = () => void child.kill('SIGKILL');
  return () => {
    if (asked) return kill();
    asked = true;
    child.stdin?.end();
    setTimeout(kill, GRACE_MS).unref();
  };
}
