import { monotonicUsec, notifyServiceManager } from '../kernel/host/service-manager.js';

/** The daemon serves: sd_notify(3). */
export function reportReady(): void {
  notifyServiceManager('READY=1');
}

/** A reload begins, which `reportReady` ends. */
export function reportReloading(): void {
  notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec()}`);
}

export function reportStopping(): void {
  notifyServiceManager('STOPPING=1');
}

/** How long a start may take beyond what was last reported, in seconds, and how often that is reported. */
const EXTENSION_SECONDS = 60;
const EXTEND_EVERY_MS = 10_000;
/** Processor time in that time below which a start hangs, in microseconds: a timer takes less. */
const LEAST_USED_USEC = 10_000;

/**
 * Asks the service manager for more time while the start goes on, until disposed: with thousands of endpoints to reconcile it takes longer
 * than TimeoutStartSec= on a slow machine. A start that uses no processor time, on any thread, hangs, and gets no more.
 */
export function extendStart(
  notify: (state: `EXTEND_TIMEOUT_USEC=${number}`) => void = notifyServiceManager,
  everyMs = EXTEND_EVERY_MS,
): Disposable {
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const used = process.cpuUsage(before);
    before = process.cpuUsage();
    if (used.user + used.system >= LEAST_USED_USEC) notify(`EXTEND_TIMEOUT_USEC=${EXTENSION_SECONDS * 1_000_000}`);
  }, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
