/** Checks of a host and a daemon: what `netnsd doctor` runs. */
import { askDaemon, type DaemonClient } from './daemon-view.js';
import { type Place, readMachine } from './read-machine.js';
import { type DoctorReport, reportOn } from './report.js';

export { writeBugReport } from './bug-report.js';
export { CHECKS } from './checks.js';
export type { DaemonClient } from './daemon-view.js';
export type { CheckResult, DoctorReport } from './report.js';

/** Checks this machine, and the daemon if one answers. With `fix` the daemon repairs its endpoints and networks first. */
export async function examine(options: Place & { client: DaemonClient; fix: boolean }): Promise<DoctorReport> {
  const { client, fix, ...place } = options;
  return reportOn(await readMachine(place, await askDaemon(client, { fix })));
}
