import v8 from 'node:v8';
import vm from 'node:vm';
import { shareMallocArenas, trimFreedMemory } from './allocator.js';

/**
 * Keeps the young generation of the heap at the size that it has, one to four MiB a semi-space at a start, instead of letting it
 * grow to 16: the daemon's requests leave little behind. And has the threads share malloc's arenas. `netnsd bench memory` shows
 * the effect. To be called before much has been allocated.
 */
export function keepMemorySmall(): void {
  keepYoungGenerationSmall();
  shareMallocArenas();
}

/** To be called again once a thread has been started: V8 raises a growth factor below 2 whenever it configures a heap. */
export function keepYoungGenerationSmall(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--max-semi-space-size=1');
}

/**
 * Gives back what is garbage now, rather than some day; for when a thread is at rest. V8's flags are the process's: this one stays
 * set, since another thread may be between setting it and reading `gc`.
 */
export function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  collect();
  trimFreedMemory();
}
