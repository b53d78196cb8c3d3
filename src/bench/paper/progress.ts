const WIDTH = 24;

/** Planned work by what it is expected to take; what was done tells how long the rest takes on this machine. */
export class Progress {
  readonly #totalMs: number;
  readonly #show: ((line: string) => void) | undefined;
  readonly #startedMs: number;
  #doneMs = 0;

  /** `show` prints a line in the place of the one before; absent where the output is no terminal. */
  constructor(options: { totalMs: number; show?: ((line: string) => void) | undefined; nowMs?: number }) {
    this.#totalMs = options.totalMs;
    this.#show = options.show;
    this.#startedMs = options.nowMs ?? performance.now();
  }

  /** Shows what is being measured now. */
  at(what: string, nowMs: number = performance.now()): void {
    this.#show?.(progressLine({ share: this.#share(), leftMs: this.leftMs(nowMs), what }));
  }

  /** Something that was expected to take `expectedMs` is done, or will not be. */
  done(expectedMs: number): void {
    this.#doneMs += expectedMs;
  }

  /** How long the rest takes if this machine goes on as it did; undefined before anything is done. */
  leftMs(nowMs: number = performance.now()): number | undefined {
    if (this.#doneMs === 0) return undefined;
    return ((nowMs - this.#startedMs) / this.#doneMs) * (this.#totalMs - this.#doneMs);
  }

  #share(): number {
    return this.#totalMs === 0 ? 1 : Math.min(1, this.#doneMs / this.#totalMs);
  }
}

/** `[######------]  50 %  2 min left  docker-bridge, 50 at once`. */
export function progressLine(options: { share: number; leftMs: number | undefined; what: string }): string {
  const { share, leftMs, what } = options;
  const full = Math.round(share * WIDTH);
  const left = leftMs === undefined ? '' : `  ${leftText(leftMs)} left`;
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${String(Math.round(share * 100)).padStart(3)} %${left}  ${what}`;
}

function leftText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Prints on a terminal, each line over the one before; undefined where there is none. */
export function onTerminal(stream: NodeJS.WriteStream): ((line: string) => void) | undefined {
  if (!stream.isTTY) return undefined;
  return (line) => void stream.write(`\r\u001b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
}
