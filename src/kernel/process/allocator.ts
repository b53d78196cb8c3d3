import { mallocTrim, mallopt } from '../libc.js';

/** M_ARENA_MAX of mallopt(3). */
const ARENA_MAX = -8;

/**
 * Lets the threads of this process share two malloc arenas: by default each new thread gets one of its own, up to eight
 * a processor, and each keeps what it once had. Without effect where the C library is not glibc's.
 */
export function shareMallocArenas(): void {
  mallopt(ARENA_MAX, 2);
}

/** Gives memory that was freed back to the kernel; malloc_trim(3). */
export function trimFreedMemory(): void {
  mallocTrim();
}
