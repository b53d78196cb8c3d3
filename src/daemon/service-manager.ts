import { notifyServiceManager, watchdogIntervalMs } from '../kernel/host/service-manager.js';

/** Tells the service manager that the daemon is ready, and feeds its watchdog until disposed: sd_notify(3). */
export function reportReady(): Disposable {
  notifyServiceManager('READY=1');
  const intervalMs = watchdogIntervalMs();
  const timer = intervalMs === null ? undefined : setInterval(() => notifyServiceManager('WATCHDOG=1'), intervalMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

export function reportStopping(): void {
  notifyServiceManager('STOPPING=1');
}
