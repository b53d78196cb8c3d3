import t from 'tap';
import { Lane } from './lane.js';
import { type Report, recordPoints, sampleOf, stepsOf, walk } from './walk.js';

const LONG = process.env.NETNSD_WALK === 'long';
/** One of so many steps, by lots drawn with the seed; `npm run storm -- --walk` takes them all, in the long form. */
const EVERY = Number(process.env.NETNSD_WALK_EVERY ?? 60);
const SEED = Number(process.env.NETNSD_WALK_SEED ?? Date.now() % 2 ** 32);
/** Side by side, since half of a step is waiting. */
const LANES = 2;
/** Of what was planned, how much may not be met in a second try either: what comes how often is partly the machine's. */
const MISSED_SHARE = 0.02;

t.test('a lease whose record a start could not write is recorded once it can be written', async (t) => {
  await using lane = new Lane(LANES);
  await lane.open();
  const point = 'openSync ~/state/leased/.default-N.new';
  const fault = { act: 'fail', errno: 'ENOSPC' } as const;
  t.match(await lane.strike('start', { thread: 'main', point, nth: 1, fault }), { hit: true, died: false, wrong: [] });
});

t.test(
  'whatever call or request the daemon dies at or is refused, the next start makes everything whole',
  async (t) => {
    const all = Array.from({ length: LANES }, (_, place) => new Lane(place));
    for (const lane of all) t.teardown(() => lane[Symbol.asyncDispose]());
    await Promise.all(all.map((lane) => lane.open()));
    const points = await recordPoints(all[0] as Lane);
    t.ok(points.filter(({ point }) => point.startsWith('netlink')).length > 20, 'netlink requests are points');
    t.ok(points.filter(({ point }) => point.startsWith('call')).length > 8, 'system calls are points');
    t.ok(points.filter(({ point }) => point.includes('~/state/')).length > 60, 'file calls are points');
    const steps = sampleOf(stepsOf(points, { long: LONG }), { every: EVERY, seed: SEED });
    const planned = steps.length;
    t.comment(`${points.length} points, ${planned} steps, NETNSD_WALK_EVERY=${EVERY} NETNSD_WALK_SEED=${SEED}`);
    const report: Report = { walked: 0, missed: [], wrong: [] };
    await Promise.all(all.map((lane) => walk(lane, steps, { report, long: LONG })));
    for (const step of report.missed) t.comment(`not met: ${JSON.stringify(step)}`);
    t.same(
      report.wrong,
      [],
      'after each, what there is is ready or leased to its holder, whole, and nothing else is there',
    );
    t.equal(report.walked + report.missed.length, planned, 'every step was taken');
    t.ok(report.missed.length <= 1 + planned * MISSED_SHARE, `${report.missed.length} were not met`);
    for (const lane of all) t.same(await lane.close(), [], 'a container that runs in a leased namespace never noticed');
  },
);
