/** The stages of a request, in their order; a contender has those that its runtime tells apart. */
export const STAGES = [
  'invocation',
  'container create',
  'network create',
  'network connect',
  'code',
  'start',
  'run',
  'clean-up',
] as const;
export type Stage = (typeof STAGES)[number];

/** One request as it went: times in milliseconds since the first request of its batch was sent. */
export interface RequestTimes {
  readonly sentMs: number;
  /** How long each stage took. */
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  /** When the caller had its answer, and when nothing of the container was left. */
  readonly answeredMs: number;
  readonly doneMs: number;
}

/** CLOCK_MONOTONIC in milliseconds: the clock that the functions in the containers read as well. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** When each stage of one request ended, as the way that serves it tells. */
export class Marks {
  readonly #ends = new Map<Stage, number>();
  readonly #answer: (line: string) => void;
  readonly #sentMs: number;
  #answeredMs = Number.NaN;

  /** `onAnswer` is called with the function's output. */
  constructor(sentMs: number, onAnswer: (line: string) => void) {
    this.#sentMs = sentMs;
    this.#answer = onAnswer;
  }

  /** `stage` has ended, now or at another time of `clockMs`. */
  end(stage: Stage, atMs: number = clockMs()): void {
    this.#ends.set(stage, atMs);
  }

  /** The function has printed `BEGAN ENDED COUNT`. Throws if that is not what it printed. */
  answer(line: string): void {
    const [, began, ended] = /^(\d+) (\d+) \d+$/.exec(line.trim()) ?? [];
    if (began === undefined || ended === undefined) throw new Error(`the function printed ${JSON.stringify(line)}`);
    this.end('start', Number(began) / 1e6);
    this.end('run', Number(ended) / 1e6);
    this.#answer(line);
  }

  /** The caller has its answer. */
  answered(): void {
    this.#answeredMs = clockMs();
  }

  /** All times of the request, relative to `zeroMs`. */
  times(zeroMs: number): RequestTimes {
    const stages: Partial<Record<Stage, number>> = {};
    let fromMs = this.#sentMs;
    for (const stage of STAGES) {
      const atMs = this.#ends.get(stage);
      if (atMs === undefined) continue;
      // Clocks of events differ by a millisecond: no stage ends before the one ahead of it.
      stages[stage] = Math.max(0, atMs - fromMs);
      fromMs = Math.max(fromMs, atMs);
    }
    return {
      sentMs: this.#sentMs - zeroMs,
      stages,
      answeredMs: this.#answeredMs - zeroMs,
      doneMs: (this.#ends.get('clean-up') ?? this.#answeredMs) - zeroMs,
    };
  }
}
