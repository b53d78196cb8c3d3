import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { settleNamespaces } from './programs/native-programs.js';

/** Fewer endpoints or containers are for trying a suite: nothing is waited for that only makes figures better. */
export const SMALL = 100;
const LOOK_MS = 100;
const LONGEST_MS = 3000;
/** Of proc_stat(5), in its ticks of 10 ms: user, nice, system, irq, softirq. What others took of a virtual machine is not among them. */
const BUSY_FIELDS = [1, 2, 3, 6, 7] as const;
const MOST_BUSY_TICKS = 1;
const TICK_MS = 10;

/**
 * Waits until what was run before leaves the machine nothing to do: namespaces and cgroups are removed behind the back of
 * the process that dropped them. Where others keep it busy, no longer than three seconds.
 */
export async function waitForQuiet(): Promise<void> {
  await settleNamespaces();
  for (const end = performance.now() + LONGEST_MS; performance.now() < end; ) {
    const before = busyTicks();
    await delay(LOOK_MS);
    if (busyTicks() - before <= MOST_BUSY_TICKS) return;
  }
}

/** The same where `count` endpoints or containers are measured; of few, it waits only for the kernel's clean-up. */
export async function quiet(count: number): Promise<void> {
  await (count < SMALL ? settleNamespaces() : waitForQuiet());
}

/** Processor time that this machine has spent on anything since it started, in milliseconds; by ticks of ten. */
export function processorMs(): number {
  return busyTicks() * TICK_MS;
}

function busyTicks(): number {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]?.split(/ +/) ?? [];
  return BUSY_FIELDS.reduce((sum, field) => sum + Number(fields[field]), 0);
}
