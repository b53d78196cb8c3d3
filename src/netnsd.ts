import { runCli } from './cli/index.js';
import { readVersion } from './version.js';

// `netnsd list | head -1` closes the pipe early: not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** How long open handles, such as half-read sockets, may keep the process alive after the command, in milliseconds. */
const LINGER_MS = 2_000;

// Each command loads only the room that it needs: client commands start without the daemon's libraries.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  version: readVersion(),
  openClient: async (options) => new (await import('./client/index.js')).NetnsdClient(options),
  serve: async (options) => {
    (await import('./kernel/process/heap.js')).keepMemorySmall();
    return (await import('./daemon/index.js')).serve(options);
  },
  down: async (options) => (await import('./daemon/index.js')).down(options),
  doctor: async (options) => (await import('./doctor/index.js')).examine(options),
  runBench: async (argv) => (await import('./bench/index.js')).runBench(argv),
});
setTimeout(() => process.exit(), LINGER_MS).unref();
