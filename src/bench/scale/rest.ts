import { setTimeout as delay } from 'node:timers/promises';
import { settleNamespaces } from '../programs/native-programs.js';
import { waitForQuiet } from '../quiet.js';

/** The daemon gives back its garbage when it has been at rest for two seconds, and seals endpoints while it is. */
const REST_MS = 4000;
/** Smaller pools are for trying the suite: nothing is waited for that only makes figures better. */
const SMALL = 100;

/** Waits until the daemon of a pool of `size` is at rest. */
export async function rest(size: number): Promise<void> {
  await quiet(size);
  if (size >= SMALL) await delay(REST_MS);
}

/** Waits until the machine has nothing to do for what was run before. */
export async function quiet(size: number): Promise<void> {
  await (size < SMALL ? settleNamespaces() : waitForQuiet());
}
