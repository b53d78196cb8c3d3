import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { concurrently, runProcess } from '../../programs/run-process.js';
import { RUNC_ROOT } from '../../programs/runc-bundles.js';
import { FOLDER } from '../functions.js';
import { openNetnsd, WRAPPER } from './by-netnsd.js';
import type { Contender } from './contender.js';
import { runContainer } from './run-container.js';

const WIDTH = 10;
const CODE = { destination: '/code', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] } as const;

/** `runc exec` in a container that is there, with the code in it or brought in first. Its network is a lease of netnsd. */
function kept(options: { name: string; title: string; mode: 'warm' | 'pre-warm' }): Contender {
  return {
    ...options,
    engine: 'runc',
    tools: [{ name: 'runc', package: 'runc' }],
    open: async ({ bundles, image, width }) => {
      const daemon = await openNetnsd(width);
      const name = (index: number) => `kept-${index}`;
      const runc = (...args: string[]) => runProcess('runc', ['--root', RUNC_ROOT, ...args]);
      await concurrently(width, WIDTH, async (index) => {
        const bundle = bundles.write(name(index), 'new', { args: [`${FOLDER}/primes`, 'wait'], mounts: [CODE] });
        await detached(['--root', RUNC_ROOT, 'run', '--detach', '--bundle', bundle, name(index)]);
      });
      return {
        async start({ index }, marks) {
          if (options.mode === 'pre-warm') {
            const { init_process_pid: pid } = JSON.parse(
              readFileSync(`${RUNC_ROOT}/${name(index)}/state.json`, 'utf8'),
            ) as { init_process_pid: number };
            copyFileSync(`${bundles.rootfs}${FOLDER}/primes`, `/proc/${pid}/root/code/primes`);
            marks.end('code');
          }
          const code = options.mode === 'warm' ? FOLDER : '/code';
          const command = ['exec', name(index), `${code}/primes`, String(image.limit)];
          await runContainer({ file: 'runc' }, ['--root', RUNC_ROOT, ...command], marks);
        },
        async close() {
          await concurrently(width, WIDTH, async (index) => void (await runc('delete', '--force', name(index))));
          await daemon.stop();
        },
      };
    },
  };
}

/** Output of a detached container goes where its starter's does, so it gets no pipe. */
async function detached(args: readonly string[]): Promise<void> {
  const child = spawn(WRAPPER.file, args, { stdio: 'ignore', env: { ...process.env, ...WRAPPER.env } });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0) throw new Error(`netnsd-runc run --detach ended with ${signal ?? `status ${code}`}`);
}

export const RUNC_PREWARM = kept({ name: 'runc-prewarm', title: 'runc, pre-warm container', mode: 'pre-warm' });
export const RUNC_WARM = kept({ name: 'runc-warm', title: 'runc, warm container', mode: 'warm' });
