import { sendUnixDatagram } from '../libc.js';

/**
 * Tells the service manager about the daemon's state: sd_notify(3). Does nothing unless NOTIFY_SOCKET is set. Hand-written:
 * it is one datagram, and the package sd-notify compiles against libsystemd.
 * Returns false if the manager could not be told, which is never a reason to fail.
 */
export function notifyServiceManager(
  state:
    | 'READY=1'
    | 'STOPPING=1'
    | 'WATCHDOG=1'
    | `EXTEND_TIMEOUT_USEC=${number}`
    | `RELOADING=1\nMONOTONIC_USEC=${bigint}`
    | `STATUS=${string}`,
): boolean {
  const path = process.env.NOTIFY_SOCKET;
  if (path === undefined || !/^[/@]/.test(path)) return false;
  try {
    sendUnixDatagram(path, state);
    return true;
  } catch {
    return false;
  }
}

/** CLOCK_MONOTONIC in microseconds, by which the manager tells this reload from an earlier one. */
export function monotonicUsec(): bigint {
  return process.hrtime.bigint() / 1000n;
}

/** How often the manager wants a WATCHDOG=1, in milliseconds: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises; null if it does not. */
export function watchdogIntervalMs(): number | null {
  const usec = Number(process.env.WATCHDOG_USEC);
  const pid = process.env.WATCHDOG_PID;
  if (!(usec > 0) || (pid !== undefined && Number(pid) !== process.pid)) return null;
  return usec / 2000;
}
