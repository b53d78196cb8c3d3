import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** `RUNNING/ALL` of proc_loadavg(5). */
const RUNNING = /(\d+)\/\d+/;
const PROCESSORS = availableParallelism();

/**
 * Whether more tasks want a processor at this moment than there are processors; the caller, which runs, is one of them.
 * False where /proc does not tell.
 */
export function isProcessorShort(
  read: () => string = () => readFileSync('/proc/loadavg', 'latin1'),
  processors = PROCESSORS,
): boolean {
  try {
    return Number(RUNNING.exec(read())?.[1] ?? 0) > processors;
  } catch {
    return false;
  }
}
