import { type Claim, claimText } from './claim.js';
import type { Machine } from './machine.js';

export type Cell = string | number | null;

/** Rows by column name; every row of a table has the same columns. Units are in the names: `median ms`. */
export interface Table {
  readonly title: string;
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** What a suite measured; `--json` prints it as it is. */
export interface Report {
  readonly suite: string;
  readonly tables: readonly Table[];
  readonly claims: readonly Claim[];
  /** How it was measured, where a figure could be misread without it. */
  readonly notes: readonly string[];
  /** What only `--json` prints. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export function reportJson(report: Report, machine: Machine): string {
  const claims = report.claims.map((claim) => ({ ...claim, text: claimText(claim) }));
  return JSON.stringify({ ...report, machine, claims }, null, 2);
}

export function reportText(report: Report, machine: Machine): string {
  const { kernel, cpu, cores, memoryMiB, node } = machine;
  const lines = [
    `netnsd bench ${report.suite}: Linux ${kernel}, ${cores} cores (${cpu}), ${memoryMiB} MiB, Node ${node}`,
  ];
  for (const { title, rows } of report.tables) {
    const header = Object.keys(rows[0] ?? {});
    lines.push(
      '',
      title,
      ...aligned([header, ...rows.map((row) => header.map((name) => cellText(row[name] ?? null)))]),
    );
  }
  if (report.claims.length > 0) {
    const rows = report.claims.map((claim) => [claim.met ? 'met' : 'MISSED', claim.name, claimText(claim)]);
    lines.push('', 'Targets', ...aligned(rows));
  }
  if (report.notes.length > 0) lines.push('', ...report.notes.map((note) => `- ${note}`));
  return lines.join('\n');
}

function cellText(cell: Cell): string {
  if (cell === null) return '-';
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return String(cell);
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : Math.abs(cell) >= 10 ? cell.toFixed(1) : cell.toFixed(2);
}

/** Columns padded to their widest cell; those that hold only numbers are aligned to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const numeric = widths.map(
    (_, i) => rows.length > 1 && rows.slice(1).every((row) => /^(-|-?[\d.]+)$/.test(row[i] ?? '')),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
