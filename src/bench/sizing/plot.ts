import type { ArrivalPattern } from './arrivals.js';

export interface PlotLine {
  readonly name: string;
  /** Held endpoints in equal parts of the time, a list a pattern. */
  readonly held: readonly (readonly number[])[];
}

const WIDTH = 960;
const LEFT = 70;
const RIGHT = 20;
const INNER = WIDTH - LEFT - RIGHT;
const TOP = 62;
const ARRIVALS_HEIGHT = 56;
const HELD_HEIGHT = 150;
const GAP = 12;
const ROW_HEIGHT = 318;
/** Told apart by the colour-blind as well (Okabe and Ito), and by their dashes. */
const STYLES = [
  { colour: '#0072b2', dash: '', width: 2 },
  { colour: '#d55e00', dash: '7 4', width: 1.6 },
  { colour: '#009e73', dash: '2 3', width: 1.6 },
] as const;
const GREY = '#666';
const TEXT = 'font-family="sans-serif" fill="#222"';

/**
 * Rows of arrivals with the endpoints that each policy holds, as a complete SVG document. Hand-written: a package for charts
 * brings dozens of others, for two polylines and an axis.
 */
export function plotSvg(patterns: readonly ArrivalPattern[], lines: readonly PlotLine[]): string {
  const height = TOP + ROW_HEIGHT * patterns.length;
  const rows = patterns.map((pattern, index) => row({ pattern, lines, index, top: TOP + ROW_HEIGHT * index }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    '<title>Endpoints held by a pool over time, by sizing policy</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="24" font-size="16" font-weight="bold" ${TEXT}>Endpoints held beside those leased</text>`,
    ...legend(lines),
    ...rows.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function legend(lines: readonly PlotLine[]): string[] {
  let x = LEFT;
  return lines.flatMap(({ name }, index) => {
    const at = x;
    x += 48 + name.length * 7.2 + 16;
    return [
      `<line x1="${at}" y1="44" x2="${at + 36}" y2="44" ${stroke(index)}/>`,
      `<text x="${at + 42}" y="48" font-size="13" ${TEXT}>${escaped(name)}</text>`,
    ];
  });
}

function row(options: { pattern: ArrivalPattern; lines: readonly PlotLine[]; index: number; top: number }): string[] {
  const { pattern, lines, index, top } = options;
  const parts = lines[0]?.held[index]?.length ?? 1;
  const starts = startsByPart(pattern, parts);
  const mostStarts = ceiling(Math.max(1, ...starts));
  const mostHeld = ceiling(Math.max(1, ...lines.flatMap(({ held }) => held[index] ?? [])));
  const arrivalsTop = top + 34;
  const arrivalsBottom = arrivalsTop + ARRIVALS_HEIGHT;
  const heldTop = arrivalsBottom + GAP;
  const heldBottom = heldTop + HELD_HEIGHT;
  const x = (part: number) => LEFT + (INNER * part) / parts;
  const bars = starts.flatMap((count, part) =>
    count === 0
      ? []
      : [
          `M${round(x(part + 0.5))} ${arrivalsBottom}V${round(arrivalsBottom - (ARRIVALS_HEIGHT * count) / mostStarts)}`,
        ],
  );
  const time = timeAxis(pattern.seconds);
  const partSeconds = round(pattern.seconds / parts);
  return [
    `<text x="${LEFT}" y="${top + 22}" font-size="13" ${TEXT}><tspan font-weight="bold">${escaped(pattern.name)}</tspan>: ${escaped(pattern.meaning)}</text>`,
    ...scale({
      top: arrivalsTop,
      height: ARRIVALS_HEIGHT,
      most: mostStarts,
      ticks: 1,
      label: `starts / ${partSeconds} s`,
    }),
    `<path d="${bars.join('')}" stroke="${GREY}" stroke-width="1.1" fill="none"/>`,
    ...scale({ top: heldTop, height: HELD_HEIGHT, most: mostHeld, ticks: 4, label: 'endpoints held' }),
    ...lines.map(({ held }, line) => {
      const points = (held[index] ?? []).map(
        (value, part) => `${round(x(part + 0.5))},${round(heldBottom - (HELD_HEIGHT * value) / mostHeld)}`,
      );
      return `<polyline points="${points.join(' ')}" fill="none" stroke-linejoin="round" ${stroke(line)}/>`;
    }),
    ...time.ticks.flatMap((seconds) => {
      const at = round(LEFT + (INNER * seconds) / pattern.seconds);
      return [
        `<line x1="${at}" y1="${heldBottom}" x2="${at}" y2="${heldBottom + 5}" stroke="${GREY}"/>`,
        `<text x="${at}" y="${heldBottom + 18}" font-size="11" text-anchor="middle" ${TEXT}>${round(seconds / time.unit)}</text>`,
      ];
    }),
    `<text x="${LEFT + INNER / 2}" y="${heldBottom + 34}" font-size="12" text-anchor="middle" ${TEXT}>time (${time.name})</text>`,
  ];
}

function scale(options: { top: number; height: number; most: number; ticks: number; label: string }): string[] {
  const { top, height, most, ticks, label } = options;
  const bottom = top + height;
  const middle = top + height / 2;
  const marks = Array.from({ length: ticks + 1 }, (_, i) => {
    const y = round(bottom - (height * i) / ticks);
    return [
      `<line x1="${LEFT}" y1="${y}" x2="${LEFT + INNER}" y2="${y}" stroke="${i === 0 ? GREY : '#ddd'}"/>`,
      `<text x="${LEFT - 6}" y="${y + 4}" font-size="11" text-anchor="end" ${TEXT}>${round((most * i) / ticks)}</text>`,
    ];
  });
  const name = `<text transform="translate(18 ${middle}) rotate(-90)" font-size="11" text-anchor="middle" ${TEXT}>${label}</text>`;
  return [...marks.flat(), name];
}

function startsByPart({ arrivals, seconds }: ArrivalPattern, parts: number): number[] {
  const starts = new Array<number>(parts).fill(0);
  for (const { seconds: at, count } of arrivals) {
    const part = Math.min(parts - 1, Math.floor((at / seconds) * parts));
    starts[part] = (starts[part] as number) + count;
  }
  return starts;
}

/** The next round number that four ticks divide well. */
function ceiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * magnitude).find((step) => step >= value) ?? value;
}

function timeAxis(seconds: number): { ticks: number[]; unit: number; name: string } {
  const [unit, name] = seconds > 3 * 3600 ? [3600, 'hours'] : seconds > 180 ? [60, 'minutes'] : [1, 'seconds'];
  const length = seconds / unit;
  const step = [1, 2, 3, 5, 10, 15, 30, 60, 120].find((each) => length / each <= 12) ?? length;
  return { ticks: Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step * unit), unit, name };
}

function stroke(line: number): string {
  const { colour, dash, width } = STYLES[line % STYLES.length] as (typeof STYLES)[number];
  return `stroke="${colour}" stroke-width="${width}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
