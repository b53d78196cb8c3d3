import { type Command, type Networking, RUNC_ROOT } from '../../programs/runc-bundles.js';
import type { Marks } from '../stages.js';
import type { CallerNetwork, Contender, Mode, Opened, Scene, Started } from './contender.js';
import { runContainer } from './run-container.js';

const RUNC = { name: 'runc', package: 'runc' } as const;
const RUNC_COMMAND: Command = { file: 'runc' };

/** The network of containers of runc, made by its caller. */
export interface RuncNetwork {
  /** Where the container of `one` is to run once `attach` has resolved. */
  networking(one: Started): Networking;
  /** Absent where nothing is made. */
  readonly caller?: CallerNetwork;
  readonly command?: Command;
  settled?(): Promise<void>;
  close(): Promise<void>;
}

/** `runc run` with a network that is opened by `open`. */
export function byRunc(
  options: Omit<Contender, 'engine' | 'open' | 'mode'> & { mode?: Mode; open: (scene: Scene) => Promise<RuncNetwork> },
): Contender {
  return {
    mode: 'cold',
    ...options,
    engine: 'runc',
    tools: [RUNC, ...options.tools],
    open: async (scene) => served(scene, await options.open(scene)),
  };
}

function served({ bundles, image }: Scene, network: RuncNetwork): Opened {
  const { caller, command = RUNC_COMMAND } = network;
  return {
    async start(one: Started, marks: Marks) {
      await caller?.attach(one, marks);
      const bundle = bundles.write(one.id, network.networking(one), image.contents);
      await runContainer(command, ['--root', RUNC_ROOT, 'run', '--bundle', bundle, one.id], marks);
      await caller?.detach(one);
    },
    ...(caller === undefined ? {} : { network: caller }),
    ...(network.settled === undefined ? {} : { settled: () => network.settled?.() as Promise<void> }),
    close: () => network.close(),
  };
}

const nothing = async (): Promise<void> => {};

export const RUNC_HOST = byRunc({
  name: 'runc-host',
  title: 'runc, host networking',
  isBound: true,
  isPolyglot: true,
  tools: [],
  open: async () => ({ networking: () => 'host', close: nothing }),
});

export const RUNC_EMPTY = byRunc({
  name: 'runc-empty',
  title: 'runc, empty new namespace',
  tools: [],
  open: async () => ({ networking: () => 'new', close: nothing }),
});
