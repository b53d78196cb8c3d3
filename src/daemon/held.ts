/** What is held until it is disposed of, the newest first; `DisposableStack` of Node.js 24. */
export class Held implements Disposable {
  #held: Disposable[] = [];

  add(held: Disposable): void {
    this.#held.push(held);
  }

  /** Hands all of it on: disposing of this does nothing any more. */
  move(): Held {
    const moved = new Held();
    moved.#held = this.#held.splice(0);
    return moved;
  }

  [Symbol.dispose](): void {
    for (const held of this.#held.splice(0).reverse()) held[Symbol.dispose]();
  }
}
