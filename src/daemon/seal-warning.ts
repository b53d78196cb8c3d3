import { toNetnsdError } from '../errors.js';

interface Log {
  warn(details: object, message: string): void;
}

const LACKING =
  'changes inside endpoints are not noticed as they happen: each release reads some 600 files, which takes about 20 ms';

/**
 * Logs why released endpoints are read in full instead of asking their seals, as where another program holds the root of the
 * cgroup hierarchy, and returns it for `netnsd status`; null: they have seals. Never rejects.
 */
export async function warnOfMissingSeals(
  thread: { sealing(): Promise<string | null> },
  log: Log,
): Promise<string | null> {
  try {
    const why = await thread.sealing();
    if (why === null) return null;
    log.warn({ why }, LACKING);
    return `${LACKING} (${why})`;
  } catch (error) {
    // A thread that has ended is told by itself.
    log.warn({ err: toNetnsdError(error) }, 'cannot tell whether endpoints are sealed');
    return null;
  }
}
