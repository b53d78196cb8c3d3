/** Part of a JSON text, by the offsets of its first character and of the one after its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member of an object, by its position. */
export interface Member {
  readonly name: string;
  readonly key: Span;
  readonly value: Span;
}

/** The limit of Go's encoding/json, which runtimes use. */
const DEPTH_LIMIT = 10_000;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [COMMA, LAST_BLANK] = [0x2c, 0x20];

/**
 * An object in a valid JSON text (`JSON.parse` accepted it). It is scanned one level at a time, on demand. By hand: the tree
 * of jsonc-parser for a whole spec takes many times as long, and container starts wait for it.
 */
export class ObjectText implements Span {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  #members: readonly Member[] | null = null;

  constructor(text: string, { start, end }: Span) {
    this.text = text;
    this.start = start;
    this.end = end;
  }

  /** The object that is the whole text, without the white space around it. */
  static root(text: string): ObjectText {
    return new ObjectText(text, { start: skipBlanks(text, 0), end: text.trimEnd().length });
  }

  /**
   * The members in order; none if the value is not an object. Throws `RangeError` if one is nested more deeply than runtimes
   * accept.
   */
  get members(): readonly Member[] {
    this.#members ??= membersOf(this.text, this.start);
    return this.#members;
  }

  /** The value of the first member of this name. */
  value(name: string): Span | undefined {
    return this.members.find((member) => member.name === name)?.value;
  }
}

function membersOf(text: string, start: number): Member[] {
  const members: Member[] = [];
  if (text.charCodeAt(start) !== OPEN_BRACE) return members;
  for (let at = skipBlanks(text, start + 1); text.charCodeAt(at) !== CLOSE_BRACE; ) {
    const key = { start: at, end: skipString(text, at) };
    const colon = skipBlanks(text, key.end);
    const valueStart = skipBlanks(text, colon + 1);
    const value = { start: valueStart, end: skipValue(text, valueStart) };
    members.push({ name: JSON.parse(text.slice(key.start, key.end)), key, value });
    at = skipSeparator(text, value.end);
  }
  return members;
}

/** The elements of the array that begins at `start`; none if the value there is not an array. */
export function elementsOf(text: string, { start }: Pick<Span, 'start'>): Span[] {
  const elements: Span[] = [];
  if (text.charCodeAt(start) !== OPEN_BRACKET) return elements;
  for (let at = skipBlanks(text, start + 1); text.charCodeAt(at) !== CLOSE_BRACKET; ) {
    const element = { start: at, end: skipValue(text, at) };
    elements.push(element);
    at = skipSeparator(text, element.end);
  }
  return elements;
}

/** The position of the next member or element, or of the closing bracket. */
function skipSeparator(text: string, from: number): number {
  const at = skipBlanks(text, from);
  return text.charCodeAt(at) === COMMA ? skipBlanks(text, at + 1) : at;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= LAST_BLANK) at += 1;
  return at;
}

function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return skipString(text, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipLiteral(text, start);
  let at = start;
  let depth = 0;
  do {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    if (depth > DEPTH_LIMIT) throw new RangeError('nested too deeply');
    at += 1;
  } while (depth > 0);
  return at;
}

/** A number, true, false or null. */
function skipLiteral(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= LAST_BLANK || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) break;
  }
  return at;
}

function skipString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}
