import { mkdirSync, writeFileSync } from 'node:fs';
import { CNI_TOOLS, PLUGINS } from '../../peers/cni-bridge.js';
import { runProcess } from '../../programs/run-process.js';
import { RuncBundles } from '../../programs/runc-bundles.js';
import type { Contender } from './contender.js';
import { runContainer } from './run-container.js';

const FOLDER = '/run/bench-podman';
const IMAGE = 'netnsd-bench';
const CONFIG = `${FOLDER}/containers.conf`;
/** Locks and networks in files of its own; the rest is what Podman does by itself. */
const SETTINGS = `[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "${FOLDER}/tmp"
[network]
network_config_dir = "${FOLDER}/networks"
cni_plugin_dirs = ["${PLUGINS}"]
[containers]
log_driver = "none"
`;
const env = { CONTAINERS_CONF: CONFIG };
/** The runtime is that of the other contenders. */
const OWN = [
  '--runtime',
  'runc',
  '--root',
  `${FOLDER}/root`,
  '--runroot',
  `${FOLDER}/run`,
  '--storage-driver',
  'overlay',
];

/** `podman run` with `flags` of the network. There is no daemon: its folders are its own. */
function byPodman(options: Pick<Contender, 'name' | 'title' | 'isBound'> & { flags: readonly string[] }): Contender {
  const { flags, ...rest } = options;
  return {
    ...rest,
    mode: 'cold',
    engine: 'podman',
    tools: [
      { name: 'podman', package: 'podman' },
      { name: 'runc', package: 'runc' },
      { name: 'conmon', package: 'conmon' },
      { name: 'iptables', package: 'iptables' },
      ...CNI_TOOLS,
    ],
    open: async ({ bundles, image }) => {
      mkdirSync(`${FOLDER}/networks`, { recursive: true });
      writeFileSync(CONFIG, SETTINGS);
      const podman = (...args: string[]) => runProcess('podman', [...OWN, ...args], { env });
      if ((await podman('images', '--quiet', IMAGE)).trim() === '') {
        const shell = `tar --create --directory="$1" . | podman ${OWN.join(' ')} import - ${IMAGE}`;
        await runProcess('sh', ['-c', shell, 'sh', bundles.rootfs], { env });
      }
      return {
        async start(one, marks) {
          const own = ['run', '--rm', '--name', one.id, '--cgroup-parent', RuncBundles.cgroup('podman'), ...flags];
          await runContainer({ file: 'podman', env }, [...OWN, ...own, IMAGE, ...image.contents.args], marks);
        },
        close: async () => void (await podman('rm', '--all', '--force', '--time', '0')),
      };
    },
  };
}

export const PODMAN_HOST = byPodman({
  name: 'podman-host',
  title: 'Podman, host networking',
  isBound: true,
  flags: ['--network', 'host'],
});
export const PODMAN_BRIDGE = byPodman({ name: 'podman-bridge', title: 'Podman, its network', flags: [] });
