/** One small chart: lines over the number of endpoints. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

const COLUMNS = 2;
const WIDTH = 470;
const HEIGHT = 240;
const BOX = { left: 56, top: 56, width: 380, height: 140 };
/** Told apart by the colour-blind as well (Okabe and Ito), and by their dashes. */
const STYLES = ['stroke="#0072b2"', 'stroke="#d55e00" stroke-dasharray="7 4"'] as const;
const GREY = '#666';
const TEXT = 'font-family="sans-serif" fill="#222"';
const TICKS = 4;

/** Charts in two columns, the number of endpoints on a logarithmic axis, as a complete SVG document. Pure. */
export function panelsSvg(panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [COLUMNS * WIDTH, rows * HEIGHT];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>What a pool costs, by its number of endpoints</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels.flatMap((panel, index) => [
      `<g transform="translate(${(index % COLUMNS) * WIDTH} ${Math.floor(index / COLUMNS) * HEIGHT})">`,
      ...drawn(panel),
      '</g>',
    ]),
    '</svg>',
    '',
  ].join('\n');
}

function drawn({ title, unit, lines }: Panel): string[] {
  const sizes = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const most = ceiling(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const [low, high] = [Math.log(sizes[0] ?? 1), Math.log(sizes.at(-1) ?? 1)];
  const x = (size: number) =>
    round(BOX.left + (high === low ? 0.5 : (Math.log(size) - low) / (high - low)) * BOX.width);
  const y = (value: number) => round(BOX.top + BOX.height * (1 - value / most));
  const bottom = BOX.top + BOX.height;
  return [
    `<text x="${BOX.left}" y="20" font-size="13" font-weight="bold" ${TEXT}>${escaped(title)} (${escaped(unit)})</text>`,
    ...lines.flatMap(({ name }, index) => {
      const at = BOX.left + index * 150;
      return [
        `<line x1="${at}" y1="38" x2="${at + 28}" y2="38" stroke-width="2" ${STYLES[index % STYLES.length]}/>`,
        `<text x="${at + 34}" y="42" font-size="12" ${TEXT}>${escaped(name)}</text>`,
      ];
    }),
    ...Array.from({ length: TICKS + 1 }, (_, tick) => {
      const value = (most * tick) / TICKS;
      return [
        `<line x1="${BOX.left}" y1="${y(value)}" x2="${BOX.left + BOX.width}" y2="${y(value)}" stroke="${tick === 0 ? GREY : '#ddd'}"/>`,
        `<text x="${BOX.left - 6}" y="${y(value) + 4}" font-size="11" text-anchor="end" ${TEXT}>${Number(value.toPrecision(3))}</text>`,
      ];
    }).flat(),
    ...sizes.map(
      (size) => `<text x="${x(size)}" y="${bottom + 16}" font-size="11" text-anchor="middle" ${TEXT}>${size}</text>`,
    ),
    ...lines.flatMap(({ points }, index) => [
      `<polyline points="${points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}" fill="none" stroke-width="2" ${STYLES[index % STYLES.length]}/>`,
      ...points.map(([at, value]) => `<circle cx="${x(at)}" cy="${y(value)}" r="2.5" fill="${GREY}"/>`),
    ]),
  ];
}

/** The next round number that the ticks divide well. */
function ceiling(value: number): number {
  if (value <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 4, 6, 8, 10].map((step) => step * magnitude).find((step) => step >= value) ?? value;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
