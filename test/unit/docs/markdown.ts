import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The top of the checkout; tests run from dist/test/unit/docs. */
export const TOP = fileURLToPath(new URL('../../../../', import.meta.url));
/** Every page for people, by its path from the top. */
export const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/benchmarks.md',
  'docs/crash-safety.md',
  'docs/doctor.md',
  'docs/faults.md',
  'docs/hooks.md',
  'docs/leases.md',
  'docs/paper.md',
  'docs/privileges.md',
  'docs/reconcile.md',
  'docs/recycling.md',
  'docs/reference.md',
  'docs/runtimes.md',
  'docs/shelf.md',
  'docs/networks.md',
  'docs/sizing.md',
];

export function readPage(path: string): string {
  return readFileSync(`${TOP}${path}`, 'utf8');
}

/** What stands between `<!-- NAME:start -->` and `<!-- NAME:end -->`; throws if there is no such block. */
export function block(text: string, name: string): string {
  const found = new RegExp(`<!-- ${name}:start -->\n([\\s\\S]*?)\n?<!-- ${name}:end -->`).exec(text);
  if (found === null) throw new Error(`there is no block ${name}`);
  return found[1] as string;
}

/** The cells of a Markdown table's rows, without its heading; `\|` is a bar in a cell. */
export function rowsOf(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

/** The lines of all fenced blocks, by the language named at the fence (none: the empty string). */
export function fenced(text: string, language?: string): string[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return blocks.filter(([, named]) => language === undefined || named === language).map(([, , code]) => code as string);
}

/** A cell that is one piece of code, without its backticks. */
export function uncoded(cell: string): string {
  return /^`(.*)`$/.exec(cell)?.[1] ?? cell;
}
