import { type Dependencies, runCli } from './cli/index.js';
import { NetnsdError } from './errors.js';
import { readVersion } from './version.js';

/** How long open handles, such as half-read sockets, may keep the process alive after the command, in milliseconds. */
const LINGER_MS = 2_000;

/** What commands do in other rooms. */
type Rooms = Omit<Dependencies, 'env' | 'stdout' | 'stderr' | 'version'>;

const absent = (): Promise<never> =>
  Promise.reject(new NetnsdError('internal', 'the command was started by the wrong file of netnsd: see src/main.ts'));

/** Runs the command line of this process, which is one that needs no more than these rooms, and sets the exit status. */
export async function runProcess(rooms: Partial<Rooms>): Promise<void> {
  // `netnsd list | head -1` closes the pipe early: not a failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { env, stdout, stderr } = process;
  const others: Rooms = {
    openClient: absent,
    serve: absent,
    down: absent,
    enter: absent,
    doctor: absent,
    report: absent,
    runBench: absent,
  };
  process.exitCode = await runCli(process.argv.slice(2), {
    ...{ env, stdout, stderr, version: readVersion() },
    ...others,
    ...rooms,
  });
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
