import t from 'tap';
import { scaleClaims } from '../../../../src/bench/scale/claims.js';
import type { Summary } from '../../../../src/bench/scale/scale.js';

function summaryOf(size: number, change: Partial<Summary> = {}): Summary {
  return {
    size,
    atOnce: 50,
    fillMs: 2 * size,
    buildMsEach: 2,
    packets: 0,
    residentMb: 100,
    kernelKiBEach: 300,
    shelfMs: { p50: 1, p99: 2 },
    httpMs: { p50: 1, p99: 2 },
    answerMs: 600,
    noneMs: 500,
    reconciledMs: size / 2,
    destroyMs: size,
    one: { bareMs: 20, ratio: 1 },
    many: { bareMs: 1000, ratio: 1 },
    list: { bareMs: 2, besideMs: 2 },
    links: 1,
    mounts: 2,
    spread: {} as Summary['spread'],
    ...change,
  };
}

const missed = (all: readonly Summary[]) =>
  scaleClaims(all)
    .filter(({ met }) => !met)
    .map(({ name }) => name);

t.test('what costs the same at every size meets every target', async (t) => {
  const all = [100, 1000, 4000, 10_000].map((size) => summaryOf(size));
  t.same(missed(all), []);
  t.ok(scaleClaims(all).length >= 12, 'and all are judged');
});

t.test('small sizes alone are judged by what the host shows', async (t) => {
  const names = scaleClaims([summaryOf(20), summaryOf(60)]).map(({ name }) => name);
  t.same(names, ['links in the host', 'mounts in the host']);
  t.same(missed([summaryOf(20, { links: 21 }), summaryOf(60, { mounts: 4 })]), [
    'links in the host',
    'mounts in the host',
  ]);
});

t.test('growth is that of the largest over a thousand', async (t) => {
  const slower = summaryOf(10_000, {
    buildMsEach: 3,
    destroyMs: 20_001,
    reconciledMs: 7000,
    shelfMs: { p50: 1.2, p99: 2 },
  });
  t.same(missed([summaryOf(100), summaryOf(1000), slower]), [
    'down with 10000',
    'build, an endpoint at 10000',
    'down, an endpoint at 10000',
    'restart until reconciled, an endpoint at 10000',
    'acquire from the shelf, median at 10000',
  ]);
});
