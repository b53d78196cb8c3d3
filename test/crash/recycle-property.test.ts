import fc from 'fast-check';
import t from 'tap';
import { OPENING } from './recycle/opening.js';
import { play } from './recycle/play.js';
import { rehearse } from './recycle/rehearsal.js';
import { sequences } from './recycle/steps.js';
import { Tally } from './recycle/tally.js';
import { World } from './recycle/world.js';

const seed = Number(process.env.NETNSD_PROPERTY_SEED ?? Date.now() % 1_000_000);
const seconds = Number(process.env.NETNSD_PROPERTY_SECONDS ?? 60);
/** How long a failure may be made smaller. */
const SHRINK_MS = 120_000;

t.test('whatever is done to endpoints and to the daemon, each is handed out as if nobody had had it', async (t) => {
  t.comment(
    `seed ${seed}: NETNSD_PROPERTY_SEED=${seed} repeats the sequences, NETNSD_PROPERTY_SECONDS makes them more`,
  );
  const tally = new Tally();
  await rehearse();
  let deadline = Date.now() + seconds * 1000;
  let failed = false;
  const property = fc.asyncProperty(sequences, async (steps) => {
    if (Date.now() > deadline) return;
    tally.add('sequences');
    await using world = new World(tally);
    try {
      await world.open();
      for (const step of steps) await play(world, step);
      await world.finish();
    } catch (error) {
      if (!failed) deadline = Date.now() + SHRINK_MS;
      failed = true;
      throw new Error(`${(error as Error).stack}\n${world.daemon.log()}`);
    }
  });
  await fc.assert(property, { seed, numRuns: 10_000, unbiased: true, examples: [[OPENING]] });
  t.comment(String(tally));
  for (const what of ['sequences', 'leased again', 'dirty', 'restarts', 'release refused', 'tracked by the host'])
    t.ok(tally.of(what) > 0, `${what}: ${tally.of(what)}`);
});
