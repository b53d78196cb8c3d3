import type { Tool } from '../../programs/prerequisites.js';
import { concurrently } from '../../programs/run-process.js';
import { FOLDER } from '../functions.js';
import type { Contender, Mode, Scene, Started } from './contender.js';
import { type Dockerd, startDockerd } from './dockerd.js';
import { runContainer } from './run-container.js';

const TOOLS: readonly Tool[] = [
  { name: 'dockerd', package: 'docker.io' },
  { name: 'docker', package: 'docker.io' },
  { name: 'containerd', package: 'containerd' },
  { name: 'iptables', package: 'iptables' },
];
/** How many kept containers are made at once. */
const WIDTH = 10;
const WAIT = [`${FOLDER}/primes`, 'wait'];
const kept = (index: number) => `kept-${index}`;

/** `count` containers that wait until they are needed. */
async function keep({ docker, image }: Dockerd, count: number): Promise<void> {
  await concurrently(count, WIDTH, async (index) => {
    await docker('run', '--detach', '--name', kept(index), image, ...WAIT);
  });
}

/** `docker run` with `flags` of the network; `before` makes what it needs. */
function byRun(options: {
  name: string;
  title: string;
  mode?: Mode;
  isBound?: boolean;
  before?: (dockerd: Dockerd, scene: Scene) => Promise<void>;
  flags: (one: Started) => readonly string[];
}): Contender {
  const { before, flags, mode = 'cold', ...rest } = options;
  return {
    ...rest,
    mode,
    engine: 'docker',
    tools: TOOLS,
    open: async (scene) => {
      const dockerd = await startDockerd(scene.bundles.rootfs);
      await before?.(dockerd, scene);
      return {
        async start(one, marks) {
          const own = ['run', '--rm', '--name', one.id, ...flags(one), dockerd.image];
          await runContainer({ file: 'docker' }, [...dockerd.address, ...own, ...scene.image.contents.args], marks);
          marks.end('clean-up');
          await dockerd.told(one.id, marks);
        },
        close: () => closeDockerd(dockerd),
      };
    },
  };
}

async function closeDockerd(dockerd: Dockerd): Promise<void> {
  const ids = (await dockerd.docker('ps', '--all', '--quiet')).trim();
  if (ids !== '') await dockerd.docker('rm', '--force', ...ids.split('\n'));
  await dockerd.stop();
}

/** `docker exec` in a container that is there, with the code in it or brought in first. */
function byExec(options: { name: string; title: string; mode: 'warm' | 'pre-warm' }): Contender {
  return {
    ...options,
    engine: 'docker',
    tools: TOOLS,
    open: async ({ bundles, image, width }) => {
      const dockerd = await startDockerd(bundles.rootfs);
      await keep(dockerd, width);
      const code = options.mode === 'warm' ? FOLDER : '/code';
      return {
        async start({ index }, marks) {
          if (options.mode === 'pre-warm') {
            await dockerd.docker('cp', `${bundles.rootfs}${FOLDER}/primes`, `${kept(index)}:/code/primes`);
            marks.end('code');
          }
          const command = ['exec', kept(index), `${code}/primes`, String(image.limit)];
          await runContainer({ file: 'docker' }, [...dockerd.address, ...command], marks);
        },
        close: () => closeDockerd(dockerd),
      };
    },
  };
}

export const DOCKER_HOST = byRun({
  name: 'docker-host',
  title: 'Docker, host networking',
  isBound: true,
  flags: () => ['--network', 'host'],
});
export const DOCKER_BRIDGE = byRun({ name: 'docker-bridge', title: 'Docker, bridge', flags: () => [] });
export const DOCKER_PUBLISH = byRun({
  name: 'docker-publish',
  title: 'Docker, bridge, published port',
  flags: ({ index }) => ['--publish', `${21_000 + index}:8080`],
});
/** The paper's PCPM, rebuilt: the network is that of a pause container which was made before. */
export const DOCKER_PAUSE = byRun({
  name: 'docker-pause',
  title: 'Docker, pause containers (PCPM)',
  mode: 'pooled',
  before: (dockerd, { width }) => keep(dockerd, width),
  flags: ({ index }) => ['--network', `container:${kept(index)}`],
});
export const DOCKER_PREWARM = byExec({ name: 'docker-prewarm', title: 'Docker, pre-warm container', mode: 'pre-warm' });
export const DOCKER_WARM = byExec({ name: 'docker-warm', title: 'Docker, warm container', mode: 'warm' });
