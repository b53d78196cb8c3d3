/** The composition root: what the commands `serve` and `down` run. */
import { type DownOptions, takeDown } from './down.js';

export { serve } from './serve.js';
export type { ServeOptions } from './settings.js';

/** Removes every trace of a daemon, alive or dead; reports on stderr and resolves with the exit status. */
export async function down(options: DownOptions): Promise<number> {
  const { stoppedPid, endpoints, bridges } = await takeDown(options);
  const daemon = stoppedPid === null ? 'no daemon was running' : `the daemon (pid ${stoppedPid}) has stopped`;
  process.stderr.write(`${daemon}; ${endpoints} endpoints and ${bridges} bridges removed\n`);
  return 0;
}
