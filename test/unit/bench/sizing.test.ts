import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { arrivalPatterns, parseTrace } from '../../../src/bench/sizing/arrivals.js';
import { compare } from '../../../src/bench/sizing/compare.js';
import { parseSizingOptions } from '../../../src/bench/sizing/options.js';
import { plotSvg } from '../../../src/bench/sizing/plot.js';
import { simulate } from '../../../src/bench/sizing/simulate.js';
import { VirtualClock } from '../../../src/bench/sizing/virtual-clock.js';
import { benchSizing } from '../../../src/bench/suites/sizing.js';

const BURSTS = Array.from({ length: 20 }, (_, i) => `${60 * (i + 1)},${i % 2 === 0 ? 20 : 30}`).join('\n');
const TRACE = `# two sizes in turn\nseconds,count\n${BURSTS}\n`;

t.test('the same seed gives the same arrivals and the same figures; another seed gives others', async (t) => {
  // As text: a comparison of a day's arrivals one by one takes longer than the day's simulation.
  const arrivals = (seed: number) => JSON.stringify(arrivalPatterns(seed));
  const seventh = arrivals(7);
  t.ok(arrivals(7) === seventh);
  t.ok(arrivals(8) !== seventh);
  const [whole] = arrivalPatterns(7);
  if (whole === undefined) throw new Error('there is no pattern');
  const pattern = { ...whole, arrivals: whole.arrivals.filter(({ seconds }) => seconds < 100), seconds: 100 };
  const policy = { kind: 'demand', minReady: 0, idleSeconds: 60 } as const;
  const once = await simulate({ pattern, policy, recycle: 'verify', seed: 7 });
  t.same(await simulate({ pattern, policy, recycle: 'verify', seed: 7 }), once);
  t.notSame(await simulate({ pattern, policy, recycle: 'verify', seed: 8 }), once);
  t.equal(once.starts, pattern.arrivals.length, 'every arrival was played');
});

t.test('a pool of the size of every burst has no cold starts and holds just that many', async (t) => {
  const pattern = parseTrace('trace.csv', TRACE);
  const enough = await simulate({ pattern, policy: { kind: 'fixed', minReady: 30 }, recycle: 'verify', seed: 1 });
  t.match(enough, { starts: 500, cold: 0, refused: 0 });
  t.ok(Math.abs(enough.heldMean - 30) < 0.5, `${enough.heldMean} held`);
  const short = await simulate({ pattern, policy: { kind: 'fixed', minReady: 20 }, recycle: 'verify', seed: 1 });
  t.equal(short.cold, 100, 'ten of each of the ten larger bursts');
  const marks = await simulate({
    pattern,
    policy: { kind: 'watermark', low: 10, high: 25 },
    recycle: 'verify',
    seed: 1,
  });
  t.equal(marks.cold, 50, 'each burst goes below the mark, and so finds 25');
});

t.test('a pool that sizes itself is cold once for each burst larger than any before', async (t) => {
  const pattern = parseTrace('trace.csv', TRACE);
  const outcome = await simulate({
    pattern,
    policy: { kind: 'demand', minReady: 4, idleSeconds: 300 },
    recycle: 'verify',
    seed: 1,
  });
  t.equal(outcome.cold, 16 + 5, '4 of the first 20 are ready, and a quarter more than that for the first 30');
});

t.test('demand is matched with a fixed size as warm and with watermarks as large, and beats both', async (t) => {
  const bursts = parseTrace('bursts', Array.from({ length: 8 }, (_, i) => `${60 * (i + 1)},${20 + i}`).join('\n'));
  const few = parseTrace('few', Array.from({ length: 20 }, (_, i) => `${60 * (i + 1)},1`).join('\n'));
  const patterns = [{ ...bursts, seconds: 3000 }, few];
  const { demand, fixed, watermark } = await compare({
    patterns,
    recycle: 'verify',
    seed: 3,
    minReady: 4,
    idleSeconds: 120,
  });
  t.ok(fixed.coldShare <= demand.coldShare && watermark.heldMean >= demand.heldMean, 'each is the match asked for');
  t.ok(demand.heldMean < 0.8 * fixed.heldMean, `${demand.heldMean} over ${fixed.heldMean}`);
  t.ok(demand.coldShare < 0.8 * watermark.coldShare, `${demand.coldShare} over ${watermark.coldShare}`);
});

t.test('a trace that is none is refused with its line', async (t) => {
  for (const [text, message] of [
    ['1,2\n1.5,0\n', /^f:2: found "1.5,0"/],
    ['5,1\n4,1\n', /^f:2: .* it is before the line above \(5\)$/],
    ['later,1\n', /^f:1: found "later,1"/],
    ['# nothing\n', /^f: there is no line/],
  ] as const) {
    t.throws(() => parseTrace('f', text), { code: 'bad_request', message });
  }
});

t.test('the suite plays a trace, reports it and draws it', async (t) => {
  const trace = t.testdir({ 'trace.csv': TRACE });
  const plot = join(trace, 'plot.svg');
  const options = parseSizingOptions(['--trace', join(trace, 'trace.csv'), '--plot', plot, '--kib', '1024']);
  if (options === undefined) throw new Error('help was not asked for');
  const { tables, claims } = await benchSizing(options);
  t.equal(tables[0]?.title, 'trace: trace.csv');
  t.match(tables[0]?.rows[0], { policy: 'demand, from 4 up', starts: 500, cold: 21 });
  t.equal(tables[0]?.rows[0]?.['held mean MiB'], tables[0]?.rows[0]?.['held mean'], 'at 1024 KiB an endpoint');
  t.equal(claims.length, 2);
  t.ok(existsSync(plot));
  const svg = readFileSync(plot, 'utf8');
  t.equal(svg.match(/<polyline/g)?.length, 3);
  t.notMatch(svg, /NaN|undefined|Infinity/);
});

t.test('names in a plot cannot break out of it', async (t) => {
  const pattern = { name: '<a>&"', meaning: '</svg>', arrivals: [{ seconds: 1, count: 1 }], seconds: 10 };
  const svg = plotSvg([pattern], [{ name: '<b>', held: [[1, 2]] }]);
  t.equal(svg.match(/<\/svg>/g)?.length, 1);
  t.notMatch(svg, /<a>|<b>/);
});

t.test('simulated time passes in order, and stands still where the run ends', async (t) => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b${clock.monotonicMs()}`));
  clock.after(10, () => {
    seen.push(`a${clock.monotonicMs()}`);
    clock.soon(() => seen.push(`soon${clock.monotonicMs()}`));
    void Promise.resolve().then(() => clock.after(5, () => seen.push(`later${clock.monotonicMs()}`)));
  });
  clock.after(12, () => seen.push('never'))();
  clock.after(31, () => seen.push('too late'));
  await clock.run(30);
  t.same(seen, ['a10', 'soon10', 'later15', 'b20']);
  t.equal(clock.monotonicMs(), 30);
});

t.test('wrong usage of the suite is told in one line', async (t) => {
  for (const argv of [
    ['--seed', 'x'],
    ['--kib', '0'],
    ['--recycle', 'reuse'],
    ['--idle-seconds', '1.5'],
    ['extra'],
    ['--rounds', '3'],
  ]) {
    t.throws(() => parseSizingOptions(argv), {
      code: 'bad_usage',
      message: /^[^\n]+; see netnsd bench sizing --help$/,
    });
  }
  t.equal(parseSizingOptions(['--help']), undefined);
});
