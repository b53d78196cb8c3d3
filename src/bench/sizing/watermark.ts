import type { PoolSize } from '../../pool/sizing/size.js';
import { orderFor, type Plan, type Sizing, type Supply, surplusAbove } from '../../pool/sizing/sizing.js';

/** What is compared with: below `low` the pool is refilled up to `high`, otherwise it is left alone. */
export class WatermarkSizing implements Sizing {
  readonly #low: number;
  readonly #high: number;
  #filling = true;

  constructor({ low, high }: { low: number; high: number }) {
    this.#low = low;
    this.#high = high;
  }

  acquired(): void {}
  readyNow(): void {}
  built(): void {}
  resized(): void {}

  target({ max }: PoolSize): number {
    return Math.min(max, this.#filling ? this.#high : this.#low);
  }

  plan(supply: Supply): Plan {
    const expected = supply.ready + supply.coming - supply.waiting;
    if (expected < this.#low) this.#filling = true;
    else if (expected >= this.#high) this.#filling = false;
    return {
      order: this.#filling ? orderFor(this.#high, supply) : 0,
      surplus: surplusAbove(this.#high, supply),
      againMs: null,
    };
  }
}
