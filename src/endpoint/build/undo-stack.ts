/**
 * What has to be undone of a task that failed, newest first: each acquisition pushes its undo right after it was made.
 * Hand-written: DisposableStack is not in Node.js 20, and throws where this goes on and tells.
 */
export class UndoStack {
  readonly #undos: (() => void)[] = [];

  push(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** The task is done: nothing is to be undone any more. */
  commit(): void {
    this.#undos.length = 0;
  }

  /** Undoes everything, past failures, and returns these in words; null: all is undone. */
  undo(): string | null {
    const failures: string[] = [];
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        undo();
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    return failures.join('; ') || null;
  }
}
