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
  const svg = await panelsSvg([{ title: 'Costs & more', unit: 'ms', lines: [LINE, { ...LINE, name: 'other' }] }]);
  t.match(svg, /^<svg [\s\S]*<\/svg>\n$/);
  t.match(svg, 'Costs &amp; more (ms)');
  t.match(svg, 'a &lt; b');
  const [, points = ''] = /<path d="M([^"]+)" fill="none" stroke="var\(--c1\)"/.exec(svg) ?? [];
  const places = points.split('L').map((point) => point.split(' ').map(Number) as [number, number]);
  t.equal(places.length, 3);
  const [[x0, y0], [x1, y1], [x2, y2]] = places as [[number, number], [number, number], [number, number]];
  t.ok(Math.abs(x1 - x0 - (x2 - x1)) < 0.2, 'each tenfold is as wide');
  t.ok(Math.abs(y0 - y1 - (y1 - y2)) < 0.2, 'each five as high');
});

t.test('one size alone, and nothing but zeros, can be drawn', async (t) => {
  const svg = await panelsSvg([{ title: 'None', unit: '', lines: [{ name: 'none', points: [[20, 0]] }] }]);
  t.notMatch(svg, /NaN|Infinity/);
});

t.test('panels stand in two columns, in colours for light and dark', async (t) => {
  const panel = { title: 'One', unit: 's', lines: [LINE] };
  const svg = await panelsSvg([panel, panel, panel]);
  t.match(svg, '<svg x="0" y="240"');
  t.match(svg, 'prefers-color-scheme: dark');
  t.notMatch(svg, /(fill|stroke)="#/, 'no colour of the library is left that only one of them shows');
});
