import { startContainerd } from '../../programs/containerd-process.js';
import { nativeProgram } from '../../programs/native-programs.js';
import type { Tool } from '../../programs/prerequisites.js';
import { RuncBundles } from '../../programs/runc-bundles.js';
import { openNetnsd, SETTINGS } from './by-netnsd.js';
import { MASQUERADED, MASQUERADED_BRIDGE, MASQUERADED_TOOLS, openCni } from './cni-plugins.js';
import type { CallerNetwork, Contender, Scene, Started } from './contender.js';
import { runContainer } from './run-container.js';

const TOOLS: readonly Tool[] = [
  { name: 'containerd', package: 'containerd' },
  { name: 'ctr', package: 'containerd' },
  { name: 'runc', package: 'runc' },
];

/** What `ctr run` is told beside the container. */
interface CtrNetwork {
  flags(one: Started): readonly string[];
  readonly caller?: CallerNetwork;
  settled?(): Promise<void>;
  close(): Promise<void>;
}

function byContainerd(
  options: Omit<Contender, 'engine' | 'open'> & { open: (scene: Scene) => Promise<CtrNetwork> },
): Contender {
  return {
    ...options,
    engine: 'containerd',
    tools: [...TOOLS, ...options.tools],
    open: async (scene) => {
      const network = await options.open(scene);
      const containerd = await startContainerd({ NETNSD_RUNC_CONFIG: SETTINGS });
      const { bundles, image } = scene;
      return {
        async start(one, marks) {
          await network.caller?.attach(one, marks);
          const own = ['--rm', '--cgroup', RuncBundles.cgroup(one.id), ...network.flags(one), '--rootfs'];
          const words = [...own, bundles.rootfs, one.id, ...image.contents.args];
          await runContainer({ file: 'ctr' }, [...containerd.address, 'run', ...words], marks);
          await network.caller?.detach(one);
        },
        ...(network.settled === undefined ? {} : { settled: () => network.settled?.() as Promise<void> }),
        async close() {
          await containerd.stop();
          await network.close();
        },
      };
    },
  };
}

const nothing = async (): Promise<void> => {};

export const CTR_HOST = byContainerd({
  name: 'ctr-host',
  title: 'containerd, host networking',
  mode: 'cold',
  isBound: true,
  tools: [],
  open: async () => ({ flags: () => ['--net-host'], close: nothing }),
});
export const CTR_EMPTY = byContainerd({
  name: 'ctr-empty',
  title: 'containerd, empty new namespace',
  mode: 'cold',
  tools: [],
  open: async () => ({ flags: () => [], close: nothing }),
});
export const CTR_CNI = byContainerd({
  name: 'ctr-cni',
  title: 'containerd, CNI bridge with ipMasq, portmap',
  mode: 'cold',
  tools: MASQUERADED_TOOLS,
  open: async () => {
    const cni = await openCni(MASQUERADED, MASQUERADED_BRIDGE);
    return {
      flags: (one) => ['--with-ns', `network:${cni.path(one)}`],
      caller: cni,
      close: () => cni.close(),
    };
  },
});
export const CTR_NETNSD = byContainerd({
  name: 'ctr-netnsd',
  title: 'containerd, --runc-binary netnsd-runc',
  mode: 'pooled',
  tools: [],
  open: async ({ width }) => {
    const daemon = await openNetnsd(width);
    return {
      flags: () => ['--runc-binary', nativeProgram('netnsd-runc')],
      settled: () => daemon.settled(),
      close: () => daemon.stop(),
    };
  },
});
