import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { NetnsdError } from '../errors.js';

/** A value of a TOML document with its line (or that of its table's header); `text` is how it is written in the file. */
export type ConfigNode = TableNode | ArrayNode | ScalarNode;
interface Place {
  readonly line: number;
  readonly text: string;
}
export interface TableNode extends Place {
  readonly kind: 'table';
  readonly entries: Map<string, ConfigNode>;
}
export interface ArrayNode extends Place {
  readonly kind: 'array';
  readonly items: ConfigNode[];
}
export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  /** Null for a float: no key accepts one, and 8.0 is not an integer. */
  readonly value: string | number | boolean | Date | null;
}

const SHOWN_CHARACTERS = 60;

/** `text` on one line, shortened, for a message. */
function excerpt(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

/** Builds one tree from dotted keys, inline tables and `[headers]`; the parser has refused duplicates. */
class TreeBuilder {
  readonly root: TableNode = { kind: 'table', line: 1, text: 'the file', entries: new Map() };

  constructor(private readonly source: string) {}

  add(node: AST.TOMLTopLevelTable): TableNode {
    for (const entry of node.body) {
      if (entry.type === 'TOMLKeyValue') this.addEntry(this.root, entry);
      else this.addTable(entry);
    }
    return this.root;
  }

  private addTable(node: AST.TOMLTable): void {
    const place = { line: node.loc.start.line, text: this.text(node.key) };
    let table: TableNode = this.root;
    for (const [position, name] of node.resolvedKey.entries()) {
      if (typeof name === 'number') continue;
      const isArray = typeof node.resolvedKey[position + 1] === 'number';
      table = isArray ? this.item(table, name, place) : this.descend(table, name, place);
    }
    for (const entry of node.body) this.addEntry(table, entry);
  }

  /** The newest table of the array `name`, a new one where the header itself is `[[name]]`. */
  private item(table: TableNode, name: string, place: Place): TableNode {
    const known = table.entries.get(name);
    const array: ArrayNode = known?.kind === 'array' ? known : { kind: 'array', items: [], ...place };
    table.entries.set(name, array);
    const item: TableNode = { kind: 'table', entries: new Map(), ...place };
    array.items.push(item);
    return item;
  }

  private descend(table: TableNode, name: string, place: Place): TableNode {
    const known = table.entries.get(name);
    if (known?.kind === 'table') return known;
    const child: TableNode = { kind: 'table', entries: new Map(), ...place };
    table.entries.set(name, child);
    return child;
  }

  private addEntry(table: TableNode, entry: AST.TOMLKeyValue): void {
    const names = entry.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
    const last = names.pop() as string;
    const place = { line: entry.loc.start.line, text: this.text(entry.key) };
    const owner = names.reduce((parent, name) => this.descend(parent, name, place), table);
    owner.entries.set(last, this.value(entry.value));
  }

  private value(node: AST.TOMLContentNode): ConfigNode {
    const place = { line: node.loc.start.line, text: this.text(node) };
    if (node.type === 'TOMLArray') {
      return { kind: 'array', items: node.elements.map((element) => this.value(element)), ...place };
    }
    if (node.type === 'TOMLValue')
      return { kind: 'scalar', value: node.kind === 'float' ? null : node.value, ...place };
    const table: TableNode = { kind: 'table', entries: new Map(), ...place };
    for (const entry of node.body) this.addEntry(table, entry);
    return table;
  }

  private text(node: AST.TOMLNode): string {
    return excerpt(this.source.slice(...node.range));
  }
}

/** Parses TOML 1.0 into a tree with positions. Throws `config_invalid` with `file:line` for a syntax error. */
export function parseDocument(source: string, file: string): TableNode {
  try {
    return new TreeBuilder(source).add(parseTOML(source, { tomlVersion: '1.0' }).body[0]);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const lines = source.split(/\r?\n/).slice(0, error.lineNumber);
    // The parser reports something missing at the end of a line on the next line that is not empty.
    const line = lines.findLastIndex((text) => text.trim() !== '') + 1 || 1;
    const found = excerpt(lines[line - 1] ?? '');
    throw new NetnsdError('config_invalid', `${file}:${line}: invalid TOML: ${error.message}; found: ${found}`, {
      details: { file, line },
      cause: error,
    });
  }
}
