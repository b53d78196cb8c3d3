import t from 'tap';
import { panelsSvg } from '../../../../src/bench/scale/panels.js';

const LINE = {
  name: 'a < b',
  points: [
    [100, 0],
    [1000, 5],
    [10_000, 10],
  ],
} as const;

t.test('lines rise over a logarithmic axis, and what is written in them is escaped', async (t) => {
  const svg = panelsSvg([{ title: 'Costs & more', unit: 'ms', lines: [LINE] }]);
  t.match(svg, /^<svg [\s\S]*<\/svg>\n$/);
  t.match(svg, 'Costs &#38; more (ms)');
  t.match(svg, 'a &#60; b');
  const [, points = ''] = /<polyline points="([^"]+)"/.exec(svg) ?? [];
  const places = points.split(' ').map((point) => point.split(',').map(Number) as [number, number]);
  t.equal(places.length, 3);
  const [[x0, y0], [x1, y1], [x2, y2]] = places as [[number, number], [number, number], [number, number]];
  t.equal(x1 - x0, x2 - x1, 'each tenfold is as wide');
  t.equal(y0 - y1, y1 - y2, 'each five as high');
});

t.test('one size alone, and nothing but zeros, can be drawn', async (t) => {
  const svg = panelsSvg([{ title: 'None', unit: '', lines: [{ name: 'none', points: [[20, 0]] }] }]);
  t.notMatch(svg, /NaN|Infinity/);
});

t.test('panels stand in two columns', async (t) => {
  const panel = { title: 'One', unit: 's', lines: [LINE] };
  t.match(panelsSvg([panel, panel, panel]), 'translate(0 240)');
});
