import v8 from 'node:v8';
import vm from 'node:vm';
import { shareMallocArenas, trimFreedMemory } from './allocator.js';

/**
 * Keeps the young generation of the heap at the size that it has instead of letting it grow to 16 MiB a semi-space: the daemon's
 * requests leave little behind. And has threads that are started later share malloc's arenas. `netnsd bench memory` shows the
 * effect. To be called when all code is loaded and no thread is about to start: V8 raises a growth factor below 2 whenever it
 * configures a heap, and a start with so small a heap takes twice as long.
 */
export function keepMemorySmall(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--max-semi-space-size=1');
  shareMallocArenas();
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
