import { hasCode, type NetnsdError } from '../errors.js';

/**
 * Why a request has no answer. `absent`: no daemon listens (connect(2) of a unix socket says ENOENT or ECONNREFUSED). `full`:
 * the queue of its socket is full (EAGAIN, unix(7)). `stale`: a kept connection had been closed. `broken`: a new connection was
 * closed before an answer. `ending`: the answer is that the daemon ends.
 */
export type Why = 'absent' | 'full' | 'stale' | 'broken' | 'ending';

/** How many connections in a row may break before a request is given up. */
const BROKEN_MAX = 3;

/** A request that the next daemon, or the same one a little later, may answer. */
export class Missed extends Error {
  readonly why: Why;
  override readonly cause: NodeJS.ErrnoException | NetnsdError;

  constructor(why: Why, cause: NodeJS.ErrnoException | NetnsdError) {
    super(cause.message);
    this.why = why;
    this.cause = cause;
  }

  /** Whether sending it again cannot do twice what is wanted once; `broken`: how often its connection broke. */
  mayRepeat(isIdempotent: boolean, broken: number): boolean {
    if (this.why === 'broken') return isIdempotent && broken <= BROKEN_MAX;
    // With EPIPE the daemon has received nothing.
    return this.why !== 'stale' || isIdempotent || this.cause.code === 'EPIPE';
  }
}

/** What an error of a request before its answer means; `isKept`: on a connection that was used before. */
export function whyMissed({ syscall, code = '' }: NodeJS.ErrnoException, isKept: boolean): Why | undefined {
  if (syscall === 'connect') return code === 'EAGAIN' ? 'full' : isAbsence(code) ? 'absent' : undefined;
  // The daemon may close an idle connection (at a restart, say) just when it is used again.
  if (code === 'ECONNRESET' || code === 'EPIPE') return isKept ? 'stale' : 'broken';
  return undefined;
}

/** The same of what a request threw; an answer that the daemon ends means that it did nothing. */
export function missedBy(error: unknown): Missed | undefined {
  if (error instanceof Missed) return error;
  return hasCode(error, 'shutting_down') ? new Missed('ending', error) : undefined;
}

/** ECONNRESET: the daemon stopped listening before it accepted the connection. */
function isAbsence(code: string): boolean {
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}
