import { startDaemon } from '../../programs/daemon-process.js';
import { nativeProgram } from '../../programs/native-programs.js';
import { runProcess } from '../../programs/run-process.js';
import { writeSettings } from '../../programs/wrapper-settings.js';
import { byRunc, type RuncNetwork } from './by-runc.js';
import { openCni } from './cni-plugins.js';
import type { Scene } from './contender.js';

export const POOL = 'paper';
/** The settings of netnsd-runc, wherever it is started from. */
export const SETTINGS = '/run/bench-paper-runc.conf';
let daemons = 0;

/** A daemon whose pool has an endpoint for each of `width` containers, and masquerade, as its default is. */
export async function openNetnsd(width: number) {
  daemons += 1;
  const pool = { name: POOL, subnet: '10.217.0.0/16', minReady: width, max: 3 * width + 20 };
  const daemon = await startDaemon(`paper-${daemons}`, [pool]);
  writeSettings(SETTINGS, { runtime: 'runc', socket: daemon.socket, pool: POOL });
  return daemon;
}

export const WRAPPER = { file: nativeProgram('netnsd-runc'), env: { NETNSD_RUNC_CONFIG: SETTINGS } };

const pooled = (options: {
  name: string;
  title: string;
  isPolyglot?: boolean;
  network: (daemon: Awaited<ReturnType<typeof openNetnsd>>) => Promise<RuncNetwork>;
}) => {
  const { network, ...rest } = options;
  return byRunc({
    ...rest,
    mode: 'pooled',
    tools: [],
    open: async ({ width }: Scene) => {
      const daemon = await openNetnsd(width);
      const opened = await network(daemon);
      return {
        ...opened,
        settled: () => daemon.settled(),
        close: async () => {
          await opened.close();
          await daemon.stop();
        },
      };
    },
  });
};

const nothing = async (): Promise<void> => {};

/** `netnsd acquire --path`, the path in the spec, `netnsd release`. */
export const NETNSD_PATH = pooled({
  name: 'netnsd-path',
  title: 'runc, netnsd acquire --path',
  network: async (daemon) => {
    const paths = new Map<string, string>();
    const netnsd = (...args: string[]) => runProcess(nativeProgram('netnsd'), [...args, '--socket', daemon.socket]);
    return {
      networking: ({ id }) => ({ path: paths.get(id) ?? '' }),
      caller: {
        async attach({ id }, marks) {
          paths.set(id, (await netnsd('acquire', '--path', '--pool', POOL, '--id', id)).trim());
          marks.end('network connect');
        },
        async detach({ id }) {
          await netnsd('release', '--id', id);
        },
      },
      close: nothing,
    };
  },
});

/** `netnsd-runc run` in the place of `runc run`. */
export const NETNSD_RUNC = pooled({
  name: 'netnsd-runc',
  title: 'netnsd-runc',
  isPolyglot: true,
  network: async () => ({ networking: () => 'new', command: WRAPPER, close: nothing }),
});

/** A namespace made by the caller, over which netnsd-cni lays a pooled one. */
export const NETNSD_CNI = pooled({
  name: 'netnsd-cni',
  title: 'runc, netnsd-cni by overlay',
  network: async (daemon) => {
    const config = { cniVersion: '1.0.0', name: 'bench', type: 'netnsd-cni', socket: daemon.socket, pool: POOL };
    const cni = await openCni([{ path: nativeProgram('netnsd-cni'), config }]);
    return { networking: (one) => ({ path: cni.path(one) }), caller: cni, close: () => cni.close() };
  },
});
