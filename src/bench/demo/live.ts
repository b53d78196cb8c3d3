const REDRAW_MS = 80;

/** Lines that are drawn again in their place on a terminal; elsewhere only the last state is printed. */
export class LiveLines {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #lines: readonly string[] = [];

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  show(lines: readonly string[]): void {
    this.#lines = lines;
    if (!this.#out.isTTY || performance.now() - this.#drawnAtMs < REDRAW_MS) return;
    this.#draw();
  }

  /** Leaves the last state where it is. */
  end(): void {
    this.#draw();
  }

  #draw(): void {
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    const wipe = this.#out.isTTY ? '\u001b[2K' : '';
    this.#out.write(up + this.#lines.map((line) => `${wipe}${line}\n`).join(''));
    this.#drawn = this.#lines.length;
    this.#drawnAtMs = performance.now();
  }
}
