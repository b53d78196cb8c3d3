import t from 'tap';
import { median, medianRatio, percentile, summarise } from '../../../../src/bench/report/statistics.js';

t.test('the median is the middle value, whatever the order, and the mean of two in the middle', async (t) => {
  const values = [9, 1, 5];
  t.equal(median(values), 5);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.same(values, [9, 1, 5], 'its input is left as it was');
});

t.test('a percentile is a value that was measured, by nearest rank', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  t.equal(percentile(hundred, 99), 99);
  t.equal(percentile(hundred, 100), 100);
  t.equal(percentile(hundred, 50), 50);
  t.equal(percentile([7, 3], 99), 7, 'of few values p99 is the largest');
});

t.test('nothing cannot be described', async (t) => {
  t.throws(() => median([]), RangeError);
  t.throws(() => summarise([]), RangeError);
});

t.test('ratios are taken round by round, so that a slow phase of the machine cancels out', async (t) => {
  t.equal(medianRatio([10, 100, 20], [5, 50, 10]), 2);
  t.equal(medianRatio([10], [5, 1, 1]), 2, 'rounds that only one side ran do not count');
});
