import { NETNSD_RUNC } from '../paper/contenders/by-netnsd.js';
import { RUNC_HOST } from '../paper/contenders/by-runc.js';
import { CNI_BRIDGE } from '../paper/contenders/cni-plugins.js';
import type { Contender } from '../paper/contenders/contender.js';
import { IP_COMMANDS } from '../paper/contenders/ip-commands.js';
import { type FunctionImage, makeFunctions } from '../paper/functions.js';
import { atRest, openInvoker } from '../paper/invoker.js';
import { ALONE_RUNS } from '../paper/plan.js';
import { clockMs } from '../paper/stages.js';
import { RuncBundles } from '../programs/runc-bundles.js';
import { median } from '../report/statistics.js';
import { barLines, type Lane } from './bars.js';
import { LiveLines } from './live.js';

const RACERS: readonly { contender: Contender; title: string }[] = [
  { contender: RUNC_HOST, title: 'host networking' },
  { contender: IP_COMMANDS, title: 'ip commands' },
  { contender: CNI_BRIDGE, title: 'CNI bridge' },
  { contender: NETNSD_RUNC, title: 'netnsd-runc' },
];
const WARM_UP = 2;

/** Starts containers by each way at each level, and draws bars as they answer; what netnsd needs runs only in its own turn. */
export async function race(atOnce: readonly number[]): Promise<void> {
  const bundles = await RuncBundles.create();
  const image = makeFunctions(bundles).get('c') as FunctionImage;
  const invoker = await openInvoker();
  const lanes = new Map(
    atOnce.map((count) => [count, RACERS.map(({ title }): Lane => ({ title, answered: 0, ms: undefined }))]),
  );
  const live = new LiveLines();
  const show = () => live.show(barLines([...lanes].map(([count, some]) => ({ atOnce: count, lanes: some }))));
  try {
    for (const [index, { contender, title }] of RACERS.entries()) {
      const opened = await contender.open({ bundles, image, width: Math.max(...atOnce) });
      const set = (count: number, lane: Omit<Lane, 'title'>) => {
        (lanes.get(count) as Lane[])[index] = { title, ...lane };
        show();
      };
      await invoker.batch(opened, Math.min(WARM_UP, ...atOnce));
      for (const count of atOnce) {
        const runs: number[] = [];
        for (let run = 0; run < (count === 1 ? ALONE_RUNS : 1); run++) {
          await atRest(opened, count);
          const startedMs = clockMs();
          let answered = 0;
          const times = await invoker.batch(opened, count, () => {
            answered += 1;
            set(count, { answered: Math.min(answered, count - 1), ms: clockMs() - startedMs });
          });
          runs.push(Math.max(...times.map(({ answeredMs }) => answeredMs)));
        }
        set(count, { answered: count, ms: median(runs) });
      }
      await opened.close();
    }
  } finally {
    live.end();
    await invoker.close();
    bundles.remove();
  }
}
