import { monotonicUsec, notifyServiceManager, watchdogIntervalMs } from '../kernel/host/service-manager.js';

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

/** Feeds the watchdog of the service manager, if it has one, until disposed. */
export function feedWatchdog(): Disposable {
  const intervalMs = watchdogIntervalMs();
  const timer = intervalMs === null ? undefined : setInterval(() => notifyServiceManager('WATCHDOG=1'), intervalMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
