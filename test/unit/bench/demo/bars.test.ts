import t from 'tap';
import { barLines, type Lane } from '../../../../src/bench/demo/bars.js';

const lane = (title: string, ms: number | undefined, answered = 10): Lane => ({ title, ms, answered });

t.test('the slowest is as long as there is place, and each is compared with the first', async (t) => {
  const lines = barLines([{ atOnce: 10, lanes: [lane('host networking', 250), lane('CNI bridge', 1000)] }]);
  t.same(lines, [
    `   10 at once  host networking       ${'█'.repeat(10)}${' '.repeat(31)}   250 ms    1.0 x`,
    `               CNI bridge            ${'█'.repeat(40)}   1000 ms    4.0 x`,
  ]);
});

t.test('what has not ended says how far it is, and what has not begun says nothing', async (t) => {
  const lines = barLines([{ atOnce: 10, lanes: [lane('host networking', 500, 4), lane('CNI bridge', undefined, 0)] }]);
  t.match(lines[0], /█{40} 4 of 10$/);
  t.equal(lines[1], '               CNI bridge');
});

t.test('levels have scales of their own', async (t) => {
  const levels = [1, 100].map((atOnce) => ({ atOnce, lanes: [lane('host networking', 20 * atOnce, atOnce)] }));
  for (const line of barLines(levels)) t.match(line, /█{40} /);
});
