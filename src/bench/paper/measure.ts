import type { CallerNetwork, Opened, Scene } from './contenders/contender.js';
import { atRest, type Invoker } from './invoker.js';
import type { Entry } from './journal.js';
import type { Block } from './plan.js';
import { runsOf } from './plan.js';
import { Marks } from './stages.js';

const WARM_UP = 2;

/** Measures one contender at each level. A failure is an entry, and the contender is closed in any case. */
export async function measureBlock(options: {
  block: Block;
  scene: Scene;
  invoker: Invoker;
  write: (entry: Entry) => void;
  /** Says what is measured now; false ends the block. */
  goesOn: (what: string) => boolean;
}): Promise<void> {
  const { block, scene, invoker, write, goesOn } = options;
  const { contender, language, round } = block;
  const failed = (atOnce: number, error: unknown) =>
    write({
      ...{ kind: 'run', contender: contender.name, language, atOnce, round, requests: [] },
      error: error instanceof Error ? error.message : String(error),
    });
  let opened: Opened;
  try {
    opened = await contender.open(scene);
  } catch (error) {
    for (const atOnce of block.atOnce) failed(atOnce, error);
    return;
  }
  try {
    await atRest(opened, scene.width);
    await invoker.batch(opened, Math.min(WARM_UP, scene.width)).catch(() => {});
    let before = WARM_UP;
    for (const atOnce of block.atOnce) {
      for (let run = 0; run < runsOf(atOnce); run++) {
        await atRest(opened, before);
        before = atOnce;
        if (!goesOn(`${contender.title}, ${atOnce} at once`)) return;
        try {
          const requests = await invoker.batch(opened, atOnce);
          write({ kind: 'run', contender: contender.name, language, atOnce, round, requests, error: null });
        } catch (error) {
          failed(atOnce, error);
        }
      }
      if (opened.network === undefined || language !== 'c') continue;
      await atRest(opened, atOnce);
      const times = await networksAlone(opened.network, atOnce);
      write({ kind: 'network', contender: contender.name, atOnce, round, ...times });
    }
  } finally {
    await opened.close();
    await atRest(undefined, scene.width);
  }
}

/** As many networks at once as `count`, without a container, and their removal: the paper's table 1. */
async function networksAlone(network: CallerNetwork, count: number) {
  const all = Array.from({ length: count }, (_, index) => ({ id: `network-${index}`, index }));
  const startedMs = performance.now();
  await Promise.all(all.map((one) => network.attach(one, new Marks(0, () => {}))));
  const createdMs = performance.now();
  await Promise.all(all.map((one) => network.detach(one)));
  return { createMs: createdMs - startedMs, removeMs: performance.now() - createdMs };
}
