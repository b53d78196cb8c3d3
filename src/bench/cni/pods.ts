import { CriProcess, type PodNetwork } from '../programs/cri-process.js';
import { nativeProgram, settleNamespaces } from '../programs/native-programs.js';
import { findProgram } from '../programs/prerequisites.js';
import { RuncBundles } from '../programs/runc-bundles.js';
import { type Claim, claim } from '../report/claim.js';
import type { Table } from '../report/report.js';
import { medianRatio, summarise } from '../report/statistics.js';
import { turnOf } from '../turns.js';

const MOST = 50;
const TARGET = 1.05;
/** Programs without which there is nothing to measure, and their packages in Debian. */
const NEEDED = { containerd: 'containerd', ctr: 'containerd', runc: 'runc', busybox: 'busybox-static' };

/** A plugin as the rest of the suite has it. */
export interface PodPlugin {
  readonly title: string;
  readonly plugins: readonly string[];
  readonly config: object;
}

/**
 * RunPodSandbox of containerd with netnsd-cni, the first of `ways`, against a plugin that does nothing, and the other ways; one pod, and as many at
 * once as there may be, up to 50. A note instead, where a program is not installed.
 */
export async function benchPods(options: {
  readonly ways: readonly PodPlugin[];
  readonly rounds: number;
  readonly most: number;
  readonly settled: () => Promise<void>;
}): Promise<{ tables: Table[]; claims: Claim[]; notes: string[] }> {
  const missing = Object.entries(NEEDED).filter(([program]) => findProgram(program) === undefined);
  if (missing.length > 0) {
    const names = missing.map(([program, name]) => `${program} (Debian package ${name})`).join(', ');
    return { tables: [], claims: [], notes: [`RunPodSandbox of containerd is left out: ${names} not found`] };
  }
  const { ways, rounds, most, settled } = options;
  const nothing = {
    title: 'a plugin that does nothing',
    plugins: [nativeProgram('no-plugin')],
    config: { type: 'no-plugin' },
  };
  const networks = [nothing, ...ways].map(({ title, plugins, config }, index) => ({
    title,
    ...networkOf(index, plugins, config),
  }));
  const [bare, own] = networks;
  const sizes = most === 1 ? [1] : [1, Math.min(most, MOST)];
  const measured = sizes.flatMap((size) => networks.map((network) => ({ network, size, ms: [] as number[] })));
  const bundles = await RuncBundles.create();
  const cri = await CriProcess.start(networks, bundles.rootfs);
  try {
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++) {
      for (const one of turnOf(measured, Math.max(0, round))) {
        const names = Array.from(
          { length: one.size },
          (_, index) => `${one.network.handler}-${round + 1}-${one.size}-${index}`,
        );
        const start = performance.now();
        const sandboxes = await Promise.all(names.map((name) => cri.runPod(name, one.network.handler)));
        if (round >= 0) one.ms.push(performance.now() - start);
        await Promise.all(sandboxes.map((sandbox) => cri.removePod(sandbox)));
        await settleNamespaces();
        await settled();
      }
    }
  } finally {
    await cri.stop();
    bundles.remove();
  }
  const timesOf = (handler: string | undefined, size: number): readonly number[] =>
    measured.find((one) => one.network.handler === handler && one.size === size)?.ms ?? [];
  const rows = measured.map(({ network, size, ms }) => ({
    plugin: network.title,
    'at once': size,
    runs: ms.length,
    'median ms': summarise(ms).median,
    'p99 ms': summarise(ms).p99,
    'time / nothing': medianRatio(ms, timesOf(bare?.handler, size)),
    'time / netnsd-cni': medianRatio(ms, timesOf(own?.handler, size)),
  }));
  const claims = sizes.map((size) =>
    claim({
      name: `RunPodSandbox with netnsd-cni, ${size} at once`,
      measured: medianRatio(timesOf(own?.handler, size), timesOf(bare?.handler, size)),
      unit: 'times a plugin that does nothing',
      comparison: 'at most',
      target: TARGET,
    }),
  );
  return { tables: [{ title: 'RunPodSandbox of containerd', rows }], claims, notes: [] };
}

function networkOf(index: number, plugins: readonly string[], config: object): PodNetwork {
  const conflist = { cniVersion: '1.0.0', name: `bench${index}`, plugins: [config] };
  return { handler: `bench${index}`, plugins, conflist };
}
