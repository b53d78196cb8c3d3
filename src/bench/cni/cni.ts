import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createNetns, NetnsHandle, removeNetns } from '../../kernel/netns/netns.js';
import type { BenchOptions } from '../options.js';
import { PLUGINS } from '../peers/cni-bridge.js';
import { closeMountFolder, openMountFolder } from '../peers/mount-folder.js';
import { startDaemon } from '../programs/daemon-process.js';
import { nativeProgram, settleNamespaces } from '../programs/native-programs.js';
import { runProcess } from '../programs/run-process.js';
import { claim } from '../report/claim.js';
import type { Report } from '../report/report.js';
import { median, percentile } from '../report/statistics.js';
import { turnOf } from '../turns.js';
import { benchPods } from './pods.js';

/** Milliseconds for each pod, ADD and DEL alike. */
const TARGET_ALONE_MS = 1.5;
const TARGET_MANY_MS = 2;
const FOLDER = '/run/bench-pods';
const FILES = '/run/bench-pods-files';
const BRIDGE = 'cnibench0';

interface Way {
  readonly title: string;
  readonly plugin: string;
  readonly config: object;
}

/** Debian's bridge plugin with host-local addresses, with masquerade and without. */
function bridgeWay({ ipMasq }: { ipMasq: boolean }): Way {
  const ranges = [[{ subnet: '10.216.0.0/16' }]];
  return {
    title: ipMasq ? 'bridge, host-local, ipMasq' : 'bridge, host-local',
    plugin: `${PLUGINS}/bridge`,
    config: {
      ...{ cniVersion: '1.0.0', name: 'bench', type: 'bridge', bridge: BRIDGE, isGateway: true, ipMasq },
      ipam: { type: 'host-local', dataDir: `${FILES}/data`, ranges, routes: [{ dst: '0.0.0.0/0' }] },
    },
  };
}

/** ADD and DEL of netnsd-cni by overlay, against the CNI bridge plugin, one pod and many at once; then pods of containerd. */
export async function benchCni({ rounds, sizes, peers }: BenchOptions): Promise<Report> {
  const most = Math.max(...sizes);
  const pool = { name: 'default', subnet: '10.217.0.0/16', minReady: most + 10, max: 3 * most + 20 };
  mkdirSync(FILES, { recursive: true });
  await openMountFolder(FOLDER);
  const daemon = await startDaemon('cni', [pool]);
  const own: Way = {
    title: 'netnsd-cni',
    plugin: nativeProgram('netnsd-cni'),
    config: { cniVersion: '1.0.0', name: 'bench', type: 'netnsd-cni', socket: daemon.socket },
  };
  const bridges = peers.includes('cni') ? [bridgeWay({ ipMasq: false }), bridgeWay({ ipMasq: true })] : [];
  const ways = [own, ...bridges];
  const measured = sizes.flatMap((size) =>
    ways.map((way) => ({ way, size, add: [] as number[], delete: [] as number[] })),
  );
  let pods: Awaited<ReturnType<typeof benchPods>>;
  try {
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++) {
      for (const one of turnOf(measured, Math.max(0, round))) {
        const took = await addAndDelete(one.way, one.size);
        if (round >= 0) one.add.push(took.addMs);
        if (round >= 0) one.delete.push(took.deleteMs);
        await settleNamespaces();
        await daemon.settled();
      }
    }
    const ofPods = ways.map(({ title, plugin, config }) => ({ title, plugins: pluginsOf(plugin), config }));
    pods = await benchPods({ ways: ofPods, rounds, most, settled: () => daemon.settled() });
  } finally {
    await daemon.stop();
    if (bridges.length > 0) await runProcess('ip', ['link', 'del', BRIDGE]);
    await closeMountFolder(FOLDER);
    rmSync(FILES, { recursive: true });
  }
  const rows = measured.map(({ way, size, ...times }) => ({
    plugin: way.title,
    'at once': size,
    runs: times.add.length,
    'ADD median ms each': median(times.add),
    'ADD p99 ms each': percentile(times.add, 99),
    'DEL median ms each': median(times.delete),
    'DEL p99 ms each': percentile(times.delete, 99),
  }));
  const claims = measured
    .filter(({ way }) => way === own)
    .flatMap(({ size, ...times }) =>
      (['add', 'delete'] as const).map((command) =>
        claim({
          name: `${command === 'add' ? 'ADD' : 'DEL'} by overlay, ${size} at once`,
          measured: median(times[command]),
          unit: 'ms each',
          comparison: 'at most',
          target: size === 1 ? TARGET_ALONE_MS : TARGET_MANY_MS,
        }),
      ),
    );
  return {
    suite: 'cni',
    tables: [{ title: 'CNI plugins, from the first fork to the end of the last', rows }, ...pods.tables],
    claims: [...claims, ...pods.claims],
    notes: pods.notes,
  };
}

/** The bridge plugin calls another one. */
function pluginsOf(plugin: string): string[] {
  return plugin.startsWith(PLUGINS) ? [plugin, `${PLUGINS}/host-local`] : [plugin];
}

/** Namespaces as a runtime makes them, and both commands for all of them; milliseconds for each pod. */
async function addAndDelete({ plugin, config }: Way, size: number): Promise<{ addMs: number; deleteMs: number }> {
  const file = `${FILES}/config`;
  writeFileSync(file, JSON.stringify(config));
  const paths = Array.from({ length: size }, (_, index) => `${FOLDER}/cni-${index}`);
  const run = async (command: 'ADD' | 'DEL'): Promise<number> => {
    const args = [plugin, file, FOLDER, command, String(size)];
    return Number(await runProcess(nativeProgram('plugin-load'), args)) / 1000 / size;
  };
  const home = NetnsHandle.open();
  try {
    for (const path of paths) createNetns({ path, home, act: () => undefined }).handle.close();
    const addMs = await run('ADD');
    const deleteMs = await run('DEL');
    return { addMs, deleteMs };
  } finally {
    home.close();
    for (const path of paths) removeNetns(path);
  }
}
