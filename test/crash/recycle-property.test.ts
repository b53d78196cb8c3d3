import fc from 'fast-check';
import t from 'tap';
import { OPENING } from './recycle/opening.js';
import { play } from './recycle/play.js';
import { played } from './recycle/played-step.js';
import { rehearse } from './recycle/rehearsal.js';
import { Tally } from './recycle/tally.js';
import { World } from './recycle/world.js';

const seed = Number(process.env.NETNSD_PROPERTY_SEED ?? Date.now() % 1_000_000);
const sequences = Number(process.env.NETNSD_PROPERTY_SEQUENCES ?? 6);
/** How long a failure may be made smaller. */
const SHRINK_MS = 120_000;

/** One daemon's life, from an empty host to an empty host. */
async function through(tally: Tally, live: (world: World) => Promise<void>): Promise<void> {
  tally.add('sequences');
  await using world = new World(tally);
  try {
    await world.open();
    await live(world);
    await world.finish();
  } catch (error) {
    throw new Error(`${(error as Error).stack}\n${world.daemon.log()}`);
  }
}

t.before(rehearse);

t.test('everything occurs in a sequence that is always the same', async (t) => {
  const tally = new Tally();
  await through(tally, async (world) => {
    for (const step of OPENING) await play(world, step);
  });
  t.comment(String(tally));
  for (const what of ['leased again', 'dirty', 'restarts', 'release refused', 'tracked by the host'])
    t.ok(tally.of(what) > 0, `${what}: ${tally.of(what)}`);
});

t.test('whatever is done to endpoints and to the daemon, every leased endpoint is pristine', async (t) => {
  t.comment(
    `seed ${seed}: NETNSD_PROPERTY_SEED=${seed} repeats the sequences, NETNSD_PROPERTY_SEQUENCES=100 makes them more`,
  );
  const tally = new Tally();
  let deadline = Number.POSITIVE_INFINITY;
  let failed = false;
  const property = fc.asyncProperty(played, async (steps) => {
    if (Date.now() > deadline) return;
    try {
      await through(tally, (world) => fc.asyncModelRun(async () => ({ model: world, real: world }), steps));
    } catch (error) {
      if (!failed) deadline = Date.now() + SHRINK_MS;
      failed = true;
      throw error;
    }
  });
  await fc.assert(property, { seed, numRuns: sequences, unbiased: true });
  t.comment(String(tally));
  t.equal(tally.of('sequences'), sequences);
});
