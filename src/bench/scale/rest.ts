import { setTimeout as delay } from 'node:timers/promises';
import { quiet, SMALL } from '../quiet.js';

/** The daemon gives back its garbage when it has been at rest for two seconds, and seals endpoints while it is. */
const REST_MS = 4000;

/** Waits until the daemon of a pool of `size` is at rest. */
export async function rest(size: number): Promise<void> {
  await quiet(size);
  if (size >= SMALL) await delay(REST_MS);
}
