import { readFileSync } from 'node:fs';
import t from 'tap';
import { openRegistry } from '../../../src/api/metrics/metrics-registry.js';
import { TOP } from '../docs/markdown.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { uid: string };
  targets: { refId: string; expr: string; legendFormat: string }[];
}
interface Dashboard {
  title: string;
  uid: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string; query: string }[] };
  panels: Panel[];
}

const read = (name: string): string => readFileSync(`${TOP}native-scripts/package/monitoring/${name}`, 'utf8');
const { registry } = openRegistry(() => []);
const metrics = registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[];
/** What a scrape has: of a histogram three series. */
const series = new Set(
  metrics.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
const namesIn = (text: string): string[] => [...text.matchAll(/\b(netnsd|process)_[a-z_]+/g)].map(([name]) => name);
const missing = (text: string): string[] => namesIn(text).filter((name) => !series.has(name));

t.test('the dashboard is one that Grafana takes, and every metric in it exists', async (t) => {
  const { uid, schemaVersion, templating, panels } = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
  t.match(uid, /^[a-z]{1,40}$/);
  t.ok(schemaVersion >= 36);
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'each panel has a number of its own');
  const variables = templating.list.map(({ name }) => name);
  for (const { type, title, gridPos, datasource, targets } of panels) {
    t.equal(type, 'timeseries', title);
    t.ok(gridPos.x + gridPos.w <= 24 && gridPos.h > 0, 'it fits into the 24 columns');
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
    for (const { expr, legendFormat } of targets) {
      t.ok(namesIn(expr).length > 0 && missing(expr).length === 0, expr);
      for (const [, name] of `${expr}${datasource.uid}`.matchAll(/\$\{?([a-z]+)/g))
        t.ok(variables.includes(String(name)), String(name));
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        t.ok(expr.includes(label as string), `${label} in ${expr}`);
    }
  }
  for (const { query } of templating.list) t.same(missing(query), []);
  const shown = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr))));
  t.same(
    [...series].filter((name) => /^netnsd_/.test(name) && !/_(sum|count)$/.test(name) && !shown.has(name)),
    [],
    'it shows every metric of netnsd',
  );
});

t.test('the alert rules name metrics that exist, and each has a test for promtool', async (t) => {
  const rules = read('prometheus-alerts.yml');
  const alerts = [...rules.matchAll(/^ +- alert: (\w+)\n +expr: (.+)$/gm)];
  t.ok(alerts.length >= 5);
  for (const [, name, expr = ''] of alerts) {
    t.ok(namesIn(expr).length > 0 && missing(expr).length === 0, expr);
    t.match(read('prometheus-alerts.test.yml'), `alertname="${name}"`);
  }
});

t.test('a metric that does not exist is found', async (t) => {
  t.same(missing('rate(netnsd_no_such_total[5m])'), ['netnsd_no_such_total']);
});
