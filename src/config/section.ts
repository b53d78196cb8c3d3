import { NetnsdError } from '../errors.js';
import type { ConfigNode, TableNode } from './document.js';
import type { Key } from './keys/index.js';
import { nearest } from './nearest.js';

/** The JavaScript value of a node. Tables are returned as nodes, which no key accepts. */
function plainValue(node: ConfigNode): unknown {
  if (node.kind === 'array') return node.items.map(plainValue);
  return node.kind === 'scalar' ? node.value : node;
}

/** One table of the file: reads its keys, and refuses invalid ones with file, line and key. */
export class Section {
  constructor(
    private readonly place: { readonly file: string; readonly path: string },
    private readonly table: TableNode,
  ) {}

  names(): string[] {
    return [...this.table.entries.keys()];
  }

  has(name: string): boolean {
    return this.table.entries.has(name);
  }

  isTable(name: string): boolean {
    return this.table.entries.get(name)?.kind === 'table';
  }

  /** Throws `config_invalid` (or `code`) for the key `name`, or for the table itself. */
  refuse(name: string | null, problem: string, code: 'config_invalid' | 'subnet_overlap' = 'config_invalid'): never {
    const line = (name === null ? undefined : this.table.entries.get(name)?.line) ?? this.table.line;
    const key = this.keyPath(name);
    const message = `${this.place.file}:${line}: ${key === '' ? '' : `${key}: `}${problem}`;
    throw new NetnsdError(code, message, { details: { file: this.place.file, line, key } });
  }

  /**
   * Refuses the first key that is not among `known`. `elsewhere`: keys that belong into another table; `renamed`: new names
   * by former names.
   */
  refuseUnknown(
    known: readonly string[],
    { elsewhere = {}, renamed = {} }: Partial<Record<'elsewhere' | 'renamed', Readonly<Record<string, string>>>> = {},
  ): void {
    for (const name of this.names()) {
      if (known.includes(name)) continue;
      if (Object.hasOwn(renamed, name)) this.refuse(name, `this key is now called ${renamed[name]}`);
      const meant = nearest(name, known);
      const home = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
      const advice = home !== undefined ? `: it belongs in ${home}` : meant === null ? '' : `: did you mean ${meant}?`;
      this.refuse(name, `unknown key${advice} (allowed: ${known.join(', ')})`);
    }
  }

  /** The value of `key`, or undefined if the file does not set it. */
  read<T>(key: Key<T>): T | undefined {
    const node = this.table.entries.get(key.name);
    if (node === undefined) return undefined;
    const value = plainValue(node);
    if (key.accepts(value)) return value as T;
    const advice = key.advice?.(value);
    return this.refuse(key.name, `found ${node.text}${advice ? ` (${advice})` : ''}, allowed: ${key.allowed}`);
  }

  /** The table `name` in this table, or undefined if the file has none. */
  section(name: string): Section | undefined {
    const node = this.table.entries.get(name);
    if (node === undefined) return undefined;
    const path = this.keyPath(name);
    if (node.kind === 'table') return new Section({ file: this.place.file, path }, node);
    const found = node.kind === 'array' && node.items[0]?.kind === 'table' ? 'an array of tables' : node.text;
    return this.refuse(name, `found ${found}, allowed: a table, written [${path}]`);
  }

  private keyPath(name: string | null): string {
    if (name === null) return this.place.path;
    const written = /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
    return this.place.path === '' ? written : `${this.place.path}.${written}`;
  }
}
