import { duration } from './page.js';

/** One contender's race at one level: how many have answered, and when the last of them did. */
export interface Lane {
  readonly title: string;
  readonly answered: number;
  /** Milliseconds until the last that has answered so far; undefined before it began. */
  readonly ms: number | undefined;
}

export interface Level {
  readonly atOnce: number;
  readonly lanes: readonly Lane[];
}

const WIDTH = 40;
const TITLE = 22;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Lanes of each level beside each other, the slowest as long as there is place; the first lane is what the others are compared with. Pure. */
export function barLines(levels: readonly Level[]): string[] {
  return levels.flatMap(({ atOnce, lanes }) => {
    const most = Math.max(...lanes.map(({ ms }) => ms ?? 0), 1);
    const least = lanes[0];
    return lanes.map((lane, index) => {
      const head = index === 0 ? `${String(atOnce).padStart(5)} at once` : '';
      return `${head.padEnd(15)}${lane.title.padEnd(TITLE)}${bar((lane.ms ?? 0) / most).padEnd(WIDTH + 1)}${told(lane, { atOnce, least })}`.trimEnd();
    });
  });
}

function bar(share: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * WIDTH * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

function told({ ms, answered }: Lane, { atOnce, least }: { atOnce: number; least: Lane | undefined }): string {
  if (ms === undefined) return '';
  if (answered < atOnce) return `${answered} of ${atOnce}`;
  const isWhole = least?.ms !== undefined && least.answered === atOnce;
  return `${duration(ms).padStart(9)}${isWhole ? `${(ms / (least.ms as number)).toFixed(1).padStart(7)} x` : ''}`;
}
