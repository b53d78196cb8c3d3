import t from 'tap';
import { paperClaims } from '../../../../src/bench/paper/report/claims.js';
import { requestsCsv, runsCsv } from '../../../../src/bench/paper/report/csv.js';
import { taxFigure } from '../../../../src/bench/paper/report/figures.js';
import { pageHtml } from '../../../../src/bench/paper/report/html.js';
import { paperPage } from '../../../../src/bench/paper/report/page.js';
import { levelOf, p99Request, taxOf, typicalRun } from '../../../../src/bench/paper/report/summary.js';
import { levelTable, reduction, table1, table2 } from '../../../../src/bench/paper/report/tables.js';
import { drawBars, drawLines, standalone } from '../../../../src/bench/plots/draw.js';
import { partOf, resultsOf, runOf } from './results.js';

const draw = { drawBars, drawLines };

t.test('a level has the median, minimum and maximum of its runs, and the failures beside them', async (t) => {
  const level = levelOf(resultsOf(), 'cni-bridge-masq', 100);
  t.match(level, { runs: 3, failed: 1, error: 'no, "really"', total: { median: 4200, min: 4100, max: 4300 } });
  t.equal(levelOf(resultsOf(), 'cni-bridge-masq', 50), undefined, 'not measured');
  const failed = resultsOf({ runs: [runOf('netnsd-runc', 1, 0, { requests: [], error: 'no' })] });
  t.match(levelOf(failed, 'netnsd-runc', 1), { runs: 0, failed: 1, total: null, request: null });
});

t.test('the tax is what a start takes above host networking of the same engine', async (t) => {
  const results = resultsOf();
  t.match(taxOf(results, partOf('cni-bridge-masq'), 100), { eachMs: 31 });
  t.equal(taxOf(results, partOf('runc-host', { isBound: true }), 100), undefined, 'the bound has none');
  t.equal(taxOf(results, partOf('runc-warm', { mode: 'warm' }), 100), undefined);
  t.equal(taxOf(results, partOf('docker-bridge', { engine: 'docker' }), 100), undefined, 'without a bound');
});

t.test('the typical run is that of the median; the p99 is one of its requests', async (t) => {
  t.equal(typicalRun(resultsOf(), 'runc-host', 100)?.round, 1);
  t.equal(p99Request(resultsOf(), 'netnsd-runc', 1)?.answeredMs, 22);
});

t.test('the claims of the paper are judged by what was measured', async (t) => {
  const claims = paperClaims(resultsOf());
  t.match(claims, [
    { measured: 1155 / 1100, met: true },
    { measured: 100 * (1 - 0.55 / 31), met: true },
    { measured: 1.5, target: 4, met: true },
  ]);
  t.same(paperClaims(resultsOf({ runs: [], idle: [] })), []);
});

t.test("the paper's figures stand beside those of the machine", async (t) => {
  t.match(table1(resultsOf()).rows, [{ 'at once': 100, 'create s': 0.7, "the paper's create s": 14.41 }]);
  t.match(table2(resultsOf()).rows, [
    { mode: 'cold', "the paper's s for 50": 20.01 },
    { mode: 'pooled', 'memory of 50 that wait MB': 9, 'of it netnsd MB': 1.5, "the paper's MB": 2 },
    { mode: 'more machines (computed)', 'memory of 50 that wait MB': 30_000 },
  ]);
  t.equal(reduction(resultsOf(), 'cni-bridge-masq', 'netnsd-runc', 100)?.toFixed(1), '72.5');
});

t.test('a run that failed is in the table, with its reason', async (t) => {
  const row = levelTable(resultsOf(), 100).rows.find(({ contender }) => contender === 'cni-bridge-masq');
  t.equal(row?.failed, '1: no, "really"');
});

t.test('CSV has a line a request, and one a run', async (t) => {
  const lines = requestsCsv(resultsOf()).split('\r\n');
  t.equal(lines.length, 1 + 9 * 100 + 3 + 10 + 1);
  t.match(lines[0], /^contender,language,at_once,round,.*,network_create_ms,/);
  t.match(runsCsv(resultsOf()), '\r\ncni-bridge-masq,c,100,3,,,"no, ""really"""\r\n');
});

t.test('the report is one document, with every figure in it and what is missing named', async (t) => {
  const html = pageHtml(paperPage(resultsOf(), draw));
  t.match(html, /^<!DOCTYPE html>/);
  t.notMatch(html, /(src|href)=|NaN|Infinity|undefined/, 'it loads nothing');
  for (const title of [
    'Figure 1a',
    'Figures 3 and 7',
    'Figure 6',
    'Table 1',
    'Table 2',
    'The network tax',
    'A pool at rest',
  ])
    t.match(html, `<h2>${title}`);
  t.match(html, 'Left out: docker-bridge. Not installed: dockerd (Debian package docker.io).');
  t.match(html, 'Not measured (time was up): Podman.');
  t.match(html, 'a &#60;cpu&#62;');
  t.match(html, 'prefers-color-scheme: dark');
  t.notMatch(html, /(fill|stroke)="#/, 'colours are those of the page');
});

t.test('a figure stands alone as well', async (t) => {
  const svg = standalone(drawBars(taxFigure(resultsOf())));
  t.match(svg, /^<svg [^>]*><style>[^<]*prefers-color-scheme: dark/);
  t.match(svg, 'cni-bridge-masq');
});

t.test('an interrupted measurement is reported as far as it went', async (t) => {
  const html = pageHtml(
    paperPage(
      resultsOf({ runs: [runOf('runc-host', 1, 20)], networks: [], idle: [], beside: [], complete: false }),
      draw,
    ),
  );
  t.match(html, 'The measuring was interrupted');
  t.match(html, '<h2>All that was measured');
  t.notMatch(html, '<h2>Table 1');
});
