import { Registry } from 'prom-client';
import t from 'tap';
import { DurationHistogram } from '../../../../src/api/metrics/duration-histogram.js';

t.test('buckets are cumulative, and a bound belongs to its own bucket', async (t) => {
  const histogram = new DurationHistogram({ name: 'd_seconds', help: 'A duration.', boundsSeconds: [0.5, 1] });
  const registry = new Registry();
  registry.registerMetric(histogram.asMetric());
  for (const seconds of [0.25, 0.5, 0.75, 1, 4]) histogram.observe(seconds);
  const expected = [
    '# HELP d_seconds A duration.',
    '# TYPE d_seconds histogram',
    'd_seconds_bucket{le="0.5"} 2',
    'd_seconds_bucket{le="1"} 4',
    'd_seconds_bucket{le="+Inf"} 5',
    'd_seconds_sum 6.5',
    'd_seconds_count 5',
  ];
  t.strictSame((await registry.metrics()).trim().split('\n'), expected);
  registry.resetMetrics();
  t.match(await registry.metrics(), /^d_seconds_count 0$/m);
});
