import { BarChart as Bars, LineChart as Lines } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, setPlatformAPI, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type BarChart, COLOURS, type LineChart, PALETTE_CSS, type Series } from './charts.js';

use([Bars, Lines, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
// There is no canvas to measure on: most fonts without serifs are narrower than this, so that no text runs into another.
setPlatformAPI({
  measureText: (text, font) => ({
    width: text.length * 0.58 * Number.parseFloat(/[\d.]+(?=px)/.exec(font ?? '')?.[0] ?? '12'),
  }),
});

const INK = 'var(--ink)';
const TEXT = { color: INK, fontFamily: 'sans-serif', fontSize: 12 };
const DASHES = ['solid', 'dashed', 'dotted'] as const;

/** Bars as a complete SVG document. */
export function drawBars(chart: BarChart): string {
  const { isHorizontal = false, isStacked = false, hasValues = false } = chart;
  const categories = { ...categoryAxis(chart.categories), inverse: isHorizontal };
  const values = { ...valueAxis(), ...(chart.most === undefined ? {} : { max: chart.most }) };
  return draw(chart, {
    xAxis: isHorizontal ? values : categories,
    yAxis: isHorizontal ? categories : values,
    series: chart.series.map((series, index) => ({
      type: 'bar',
      name: series.name,
      data: series.values.map((value) => value ?? '-'),
      silent: true,
      barMaxWidth: 34,
      barCategoryGap: isStacked && isHorizontal && chart.categories.length > 30 ? '10%' : '25%',
      itemStyle: { color: series.isHidden ? 'transparent' : colourOf(series, index) },
      ...(isStacked ? { stack: 'all' } : {}),
      ...(hasValues
        ? { label: { ...TEXT, show: true, position: isHorizontal ? 'right' : 'top', formatter: shortValue } }
        : {}),
    })),
  });
}

/** Lines over a logarithmic axis as a complete SVG document. */
export function drawLines(chart: LineChart): string {
  return draw(chart, {
    xAxis: logAxis(chart.xs),
    yAxis: valueAxis(),
    series: chart.series.map((series, index) => ({
      type: 'line',
      name: series.name,
      data: chart.xs.map((x, at) => [x, series.values[at] ?? '-']),
      silent: true,
      symbol: 'circle',
      symbolSize: 6,
      itemStyle: { color: colourOf(series, index) },
      lineStyle: { color: colourOf(series, index), type: DASHES[index % DASHES.length] },
    })),
  });
}

/** An SVG document that is legible on light and dark outside of a page as well. */
export function standalone(svg: string): string {
  return svg.replace(
    /^(<svg [^>]*>)/,
    `$1<style>${PALETTE_CSS}</style><rect width="100%" height="100%" fill="var(--paper)"/>`,
  );
}

/** SVG documents in two columns, as one that is legible on light and dark. */
export function inColumns(svgs: readonly string[], size: { widthPx: number; heightPx: number }): string {
  const { widthPx, heightPx } = size;
  const rows = Math.ceil(svgs.length / 2);
  const [width, height] = [2 * widthPx, rows * heightPx];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<style>${PALETTE_CSS}</style>`,
    `<rect width="${width}" height="${height}" fill="var(--paper)"/>`,
    ...svgs.map((svg, index) => {
      const at = `x="${(index % 2) * widthPx}" y="${Math.floor(index / 2) * heightPx}"`;
      return svg.replace('<svg ', `<svg ${at} `);
    }),
    '</svg>',
    '',
  ].join('\n');
}

function draw(chart: BarChart | LineChart, option: EChartsCoreOption): string {
  const view = init(null, null, { renderer: 'svg', ssr: true, width: chart.widthPx, height: chart.heightPx });
  const named = chart.series.filter(({ isHidden }) => !isHidden);
  view.setOption({
    animation: false,
    textStyle: TEXT,
    title: {
      text: `${chart.title} (${chart.unit})`,
      left: 4,
      top: 2,
      textStyle: { ...TEXT, fontSize: 13, fontWeight: 'bold' },
    },
    legend: {
      show: named.length > 1,
      top: 24,
      left: 4,
      itemWidth: 18,
      itemHeight: 10,
      textStyle: TEXT,
      data: named.map(({ name }) => name),
      selectedMode: false,
    },
    grid: {
      left: 12,
      right: 40,
      top: named.length > 4 ? 76 : named.length > 1 ? 52 : 32,
      bottom: 8,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    ...option,
  });
  const svg = view.renderToSVGString();
  view.dispose();
  return plain(svg).replace('>', ` role="img" aria-label="${escaped(chart.title)}">`);
}

/** Without what serves only a page that reacts to the mouse. */
function plain(svg: string): string {
  return (
    svg
      .replace(/<style[\s\S]*<\/style>\s*/, '')
      .replace(/ stroke="[^"]*" stroke-width="0"/g, '')
      // What the library colours by itself.
      .replaceAll('"#000"', '"var(--ink)"')
      .replace(/ (class|ecmeta_\w+|pointer-events|xmlns:xlink|baseProfile)="[^"]*"/g, '')
      .replace(/\n\s*\n/g, '\n')
  );
}

function categoryAxis(data: readonly string[]) {
  return {
    type: 'category',
    data: [...data],
    axisLabel: { ...TEXT, interval: data.length > 30 ? 9 : 0 },
    axisLine: { lineStyle: { color: INK } },
    axisTick: { show: false },
  };
}

/** Ticks where something was measured. */
function logAxis(xs: readonly number[]) {
  return {
    type: 'log',
    min: Math.min(...xs) * (xs.length === 1 ? 0.5 : 1),
    max: Math.max(...xs) * (xs.length === 1 ? 2 : 1),
    axisLabel: { ...TEXT, customValues: [...xs], formatter: (x: number) => String(Math.round(x)) },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: INK } },
    splitLine: { show: false },
  };
}

function valueAxis() {
  return {
    type: 'value',
    axisLabel: { ...TEXT, hideOverlap: true },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: 'var(--grid)' } },
    splitNumber: 4,
  };
}

function colourOf({ colour }: Series, index: number): string {
  return `var(--c${((colour ?? index) % COLOURS) + 1})`;
}

function shortValue({ value }: { value: unknown }): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : '';
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
