interface Node<T> {
  readonly value: T;
  before: Node<T> | null;
  after: Node<T> | null;
  linked: boolean;
}

/** The place of a value in its queue, for `remove`. */
export type Place<T> = Node<T>;

/**
 * A queue, oldest first, in which `push`, `shift` and `remove` take constant time: a linked list, because `Array.shift` copies
 * what remains and a Set walks over what was deleted.
 */
export class Fifo<T> {
  #first: Node<T> | null = null;
  #last: Node<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest value, left where it is. */
  peek(): T | undefined {
    return this.#first?.value;
  }

  push(value: T): Place<T> {
    const node: Node<T> = { value, before: this.#last, after: null, linked: true };
    if (this.#last === null) this.#first = node;
    else this.#last.after = node;
    this.#last = node;
    this.#size += 1;
    return node;
  }

  /** Puts a value before the oldest. */
  unshift(value: T): Place<T> {
    const node: Node<T> = { value, before: null, after: this.#first, linked: true };
    if (this.#first === null) this.#last = node;
    else this.#first.before = node;
    this.#first = node;
    this.#size += 1;
    return node;
  }

  /** Takes the oldest value. */
  shift(): T | undefined {
    const node = this.#first;
    if (node === null) return undefined;
    this.remove(node);
    return node.value;
  }

  /** Takes a value out of the middle; false when it is not in the queue any more. */
  remove(place: Place<T>): boolean {
    if (!place.linked) return false;
    if (place.before === null) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === null) this.#last = place.before;
    else place.after.before = place.before;
    place.linked = false;
    this.#size -= 1;
    return true;
  }

  /** Takes a value out, wherever it is; false where it is not in the queue. Takes time in proportion to the length. */
  delete(value: T): boolean {
    for (let node = this.#first; node !== null; node = node.after) if (node.value === value) return this.remove(node);
    return false;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let node = this.#first; node !== null; node = node.after) yield node.value;
  }
}
