#!/usr/bin/env node
import type { Client, ServeOptions } from './cli/index.js';
import { runCli } from './cli/index.js';
import { readVersion } from './version.js';

/** Rooms are loaded by the command that needs them: a client command starts without the daemon's libraries. */
interface DaemonRoom {
  serve(options: ServeOptions): Promise<number>;
  down(options: { stateDir: string; socketPath: string }): Promise<number>;
}
interface ClientRoom {
  NetnsdClient: new (options: { socketPath: string }) => Client;
}
interface BenchRoom {
  runBench(argv: string[]): Promise<number>;
}
const ROOMS: Record<'daemon' | 'client' | 'bench', string> = {
  daemon: './daemon/index.js',
  client: './client/index.js',
  bench: './bench/index.js',
};
const daemon = (): Promise<DaemonRoom> => import(ROOMS.daemon);
const client = (): Promise<ClientRoom> => import(ROOMS.client);
const bench = (): Promise<BenchRoom> => import(ROOMS.bench);

// `netnsd list | head -1` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  version: readVersion(),
  openClient: async (options) => new (await client()).NetnsdClient(options),
  serve: async (options) => (await daemon()).serve(options),
  down: async (options) => (await daemon()).down(options),
  runBench: async (argv) => (await bench()).runBench(argv),
});
