const PARTS = 8;

/**
 * How many ready endpoints were not needed for `idleMs`: the smallest number that was ready within that time (a sliding
 * minimum over `PARTS` parts of it, in fixed memory).
 */
export class IdleFloor {
  readonly #partMs: number;
  readonly #least = new Float64Array(PARTS + 1);
  #part: number;
  #ready = 0;

  constructor(idleMs: number, nowMs: number) {
    this.#partMs = idleMs / PARTS;
    this.#part = Math.floor(nowMs / this.#partMs);
  }

  /** So many are ready from now on. */
  readyNow(ready: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#ready = ready;
    const place = this.#part % this.#least.length;
    this.#least[place] = Math.min(this.#least[place] as number, ready);
  }

  least(nowMs: number): number {
    this.#turn(nowMs);
    return Math.min(...this.#least);
  }

  #turn(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    for (let steps = 0; this.#part < part && steps < this.#least.length; steps += 1) {
      this.#part += 1;
      this.#least[this.#part % this.#least.length] = this.#ready;
    }
    // After a long time without a change every part has the current number.
    this.#part = part;
  }
}
