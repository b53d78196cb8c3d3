/** The benchmark itself, as it runs inside the sandbox; started by `runInSandbox` with the user's arguments. */

import { toNetnsdError } from '../errors.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { setLink } from '../kernel/rtnetlink/link.js';
import { type BenchOptions, parseOptions, type SuiteName } from './options.js';
import { describeMachine } from './report/machine.js';
import { type Report, reportJson, reportText } from './report/report.js';

type Suite = (options: BenchOptions) => Promise<Report>;

const SUITE_OF: Record<SuiteName, () => Promise<Suite>> = {
  build: async () => (await import('./suites/build.js')).benchBuild,
  boot: async () => (await import('./suites/boot.js')).benchBoot,
  fill: async () => (await import('./suites/fill.js')).benchFill,
  cli: async () => (await import('./suites/cli.js')).benchCli,
  cni: async () => (await import('./cni/cni.js')).benchCni,
  acquire: async () => (await import('./suites/acquire.js')).benchAcquire,
  start: async () => (await import('./suites/start.js')).benchStart,
  recycle: async () => (await import('./suites/recycle.js')).benchRecycle,
  scale: async () => (await import('./scale/scale.js')).benchScale,
  network: async () => (await import('./network/network.js')).benchNetwork,
  memory: async () => (await import('./suites/memory.js')).benchMemory,
};

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return 2;
  using socket = NetlinkSocket.open();
  await socket.request(setLink({ name: 'lo' }, { up: true }));
  const suite = await SUITE_OF[options.suite]();
  const report = await suite(options);
  const machine = describeMachine();
  process.stdout.write(`${options.json ? reportJson(report, machine) : reportText(report, machine)}\n`);
  return options.check && report.claims.some(({ met }) => !met) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (caught) {
  process.stderr.write(`netnsd bench: ${toNetnsdError(caught).message}\n`);
  process.exitCode = 1;
}
