/** Cancels what a clock was asked to do; does nothing if that was done already. */
export type Cancel = () => void;

/** The pool's only source of time, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since the epoch, for people to read; may jump. */
  wallMs(): number;
  /** Milliseconds since the machine was booted; never jumps, and continues across restarts of the daemon. For deadlines. */
  monotonicMs(): number;
  /** Calls `act` once, `delayMs` from now. */
  after(delayMs: number, act: () => void): Cancel;
  /** Calls `act` once, when the requests at hand have been served. */
  soon(act: () => void): Cancel;
}

/** The longest delay that `setTimeout` takes, about 24.8 days; longer ones would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** When performance.now() was 0, on CLOCK_MONOTONIC of clock_gettime(2), which is the same for every process. */
const ORIGIN_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The machine's own time. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => ORIGIN_MS + performance.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, Math.min(Math.ceil(delayMs), LONGEST_TIMEOUT_MS));
    return () => clearTimeout(timer);
  },
  soon(act) {
    const immediate = setImmediate(act);
    return () => clearImmediate(immediate);
  },
};
