/**
 * The switch of fault injection: undefined unless the environment variable NETNSD_FAULTS names the folder of a plan, and
 * then only inside the tests' sandbox. What injects is loaded only then, so that a daemon in production has none of it,
 * and pays one look at this constant for a netlink transaction and nothing for a system call. See docs/crash-safety.md.
 */
import { assertTestSandbox } from './faults/guard.js';
import type { Faults } from './faults/types.js';

export const faults: Faults | undefined = await start(process.env.NETNSD_FAULTS);

/** Throws `bad_usage` for a process that stands in no sandbox. */
async function start(folder: string | undefined): Promise<Faults | undefined> {
  if (folder === undefined) return undefined;
  assertTestSandbox();
  const { startFaults } = await import('./faults/start.js');
  return startFaults(folder);
}
