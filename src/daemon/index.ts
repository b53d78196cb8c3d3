/** The composition root: everything that the commands `serve` and `down` run. */
import { takeDown } from './down.js';

export { type ServeOptions, serve } from './serve.js';

/** Removes every trace of a daemon, alive or dead; says what it did on stderr and resolves with the exit status. */
export async function down(options: { stateDir: string; socketPath: string }): Promise<number> {
  const { stoppedPid, endpoints, bridges } = await takeDown(options);
  const daemon = stoppedPid === null ? 'no daemon ran' : `the daemon (pid ${stoppedPid}) has ended`;
  process.stderr.write(`${daemon}; ${endpoints} endpoints and ${bridges} bridges removed\n`);
  return 0;
}
