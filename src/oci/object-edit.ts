import type { Edit } from 'jsonc-parser';
import { elementsOf, type ObjectText, type Span } from './json-text.js';

/**
 * The edits that set these members of an object in a JSON text. The values of existing members are replaced; new members
 * follow the last one, with its formatting. Pure.
 */
export function setMembers(object: ObjectText, members: Readonly<Record<string, unknown>>): Edit[] {
  const style = styleOf(object);
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const [name, value] of Object.entries(members)) {
    const old = object.value(name);
    if (old === undefined) added.push(`${style.gap}${JSON.stringify(name)}${style.colon}${render(value, style)}`);
    else edits.push({ offset: old.start, length: old.end - old.start, content: render(value, style) });
  }
  const last = object.members.at(-1);
  if (added.length === 0) return edits;
  if (last === undefined)
    return [{ offset: object.start, length: object.end - object.start, content: `{${added.join(',')}${style.end}}` }];
  return [...edits, { offset: last.value.end, length: 0, content: `,${added.join(',')}` }];
}

/** The edit that adds values to the end of an array in a JSON text, with the formatting of its last element. Pure. */
export function addElements(text: string, array: Span, values: readonly unknown[]): Edit {
  const last = elementsOf(text, array).at(-1);
  const unit = indentationUnit(text);
  if (last !== undefined) {
    const gap = gapBefore(text, last.start);
    const content = values.map((value) => `,${gap}${render(value, { gap, unit })}`).join('');
    return { offset: last.end, length: 0, content };
  }
  const { gap, end } = emptyStyle(text, array.start, unit);
  const content = values.map((value) => `${gap}${render(value, { gap, unit })}`).join(',');
  return { offset: array.start, length: array.end - array.start, content: `[${content}${end}]` };
}

/** The formatting of the members of an object. */
interface Style {
  /** Before a member: a line break and its indentation, a blank, or nothing. */
  readonly gap: string;
  readonly colon: string;
  /** Before the closing brace. */
  readonly end: string;
  readonly unit: string | undefined;
}

/** One level of indentation, from the first indented line; undefined if all is on one line. */
export function indentationUnit(text: string): string | undefined {
  return /^([\t ]+)"/m.exec(text)?.[1];
}

function styleOf({ text, start, members }: ObjectText): Style {
  const unit = indentationUnit(text);
  const last = members.at(-1);
  if (last !== undefined) {
    const { key, value } = last;
    return { gap: gapBefore(text, key.start), colon: text.slice(key.end, value.start), end: '', unit };
  }
  return { colon: unit === undefined ? ':' : ': ', ...emptyStyle(text, start, unit), unit };
}

/** The formatting of what is added to an empty object or array, which begins at `start`. */
function emptyStyle(text: string, start: number, unit: string | undefined): Pick<Style, 'gap' | 'end'> {
  if (unit === undefined) return { gap: '', end: '' };
  const end = (text.includes('\r\n') ? '\r\n' : '\n') + indentationAt(text, start);
  return { gap: end + unit, end };
}

/**
 * The white space before `offset`, from its last line break on. Scanned backwards: a regular expression that ends in `$`
 * takes quadratic time on a long run of blanks.
 */
function gapBefore(text: string, offset: number): string {
  let begin = offset;
  while (text[begin - 1] === ' ' || text[begin - 1] === '\t') begin -= 1;
  if (text[begin - 1] === '\n') begin -= text[begin - 2] === '\r' ? 2 : 1;
  return text.slice(begin, offset);
}

/** The indentation of the line of `offset`. */
function indentationAt(text: string, offset: number): string {
  const begin = text.lastIndexOf('\n', offset) + 1;
  return /^[\t ]*/.exec(text.slice(begin, offset))?.[0] as string;
}

function render(value: unknown, { gap, unit }: Pick<Style, 'gap' | 'unit'>): string {
  if (unit === undefined || !gap.includes('\n')) return JSON.stringify(value);
  return JSON.stringify(value, null, unit).replaceAll('\n', gap);
}
