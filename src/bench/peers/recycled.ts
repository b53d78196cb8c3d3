import type { BuiltEndpoint } from '../../endpoint/thread/thread-protocol.js';
import type { EndpointName } from '../../endpoint/types.js';
import type { VerifyWay } from '../../endpoint/verify/verify.js';
import { NetnsdError } from '../../errors.js';
import { openBenchThread } from './bench-thread.js';

const FOLDER = '/run/bench-recycled';
const BATCH = 16;
const WARM_UP_ROUNDS = 6;

/** Endpoints that come back again and again, on a kernel thread as a daemon has it. */
export interface Recycled {
  build(size: number): Promise<void>;
  /** Runs every way so often that the engine has compiled it. */
  warmUp(): Promise<void>;
  seal(): Promise<void>;
  /** Looks at all of them; throws if one is not found clean in just this way. */
  verify(way: VerifyWay): Promise<void>;
  /** Destroys all and builds as many. */
  replace(): Promise<void>;
  close(): Promise<void>;
}

export async function openRecycled(): Promise<Recycled> {
  const bench = await openBenchThread({ folder: FOLDER, networks: { subnet: '10.214.0.0/16' } });
  const { thread } = bench;
  let endpoints: BuiltEndpoint[] = [];

  async function build(size: number): Promise<void> {
    const names = bench.names(size);
    const built = await bench.build(names, BATCH);
    endpoints = built.map((outcome, at) => {
      if (!outcome.ok) throw outcome.error;
      return { name: names[at] as EndpointName, netnsInode: outcome.value.netns.inode };
    });
  }

  async function destroy(): Promise<void> {
    for (const outcome of await thread.destroy(endpoints.map(({ name }) => name))) if (!outcome.ok) throw outcome.error;
  }

  async function verify(way: VerifyWay): Promise<void> {
    for (const verdict of await thread.verify(
      endpoints.map((endpoint) => ({ ...endpoint, way, sealed: true, unprivileged: true })),
    )) {
      const found = verdict.clean ? verdict.way : `${verdict.kind}: ${verdict.text}`;
      if (found !== way) throw new NetnsdError('internal', `an endpoint was to be found clean by ${way}, not ${found}`);
    }
  }

  async function replace(): Promise<void> {
    const { length } = endpoints;
    await destroy();
    await build(length);
  }

  async function warmUp(): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await verify('proof');
    await replace();
  }

  return {
    build,
    warmUp,
    verify,
    replace,
    seal: async () => {
      await thread.seal(endpoints);
    },
    close: async () => {
      await destroy();
      await bench.close();
    },
  };
}
