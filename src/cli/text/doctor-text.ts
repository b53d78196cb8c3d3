import type { DoctorReport } from '../dependencies.js';
import { printable } from './table.js';

const INDENT = '    ';

/**
 * The checks that are not ok, by group, one line each and the advice below; with `verbose` all checks. The last line has the
 * counts.
 */
export function renderReport({ checks, findings, counts }: DoctorReport, { verbose }: { verbose: boolean }): string {
  const shown = checks.filter(({ status }) => verbose || status !== 'ok');
  const groups = [...new Set(shown.map(({ group }) => group))];
  const width = Math.max(0, ...shown.map(({ status }) => status.length));
  const blocks = groups.map((group) => [
    group,
    ...shown
      .filter((one) => one.group === group)
      .flatMap(({ status, check, message, advice }) => [
        `  ${status.padEnd(width)}  ${check}: ${printable(message)}`,
        ...(advice === null
          ? []
          : advice.split('\n').map((line) => `${INDENT}${' '.repeat(width)}-> ${printable(line)}`)),
      ]),
  ]);
  const repaired = findings
    .filter(({ outcome }) => outcome === 'done')
    .map(({ object, problem, action }) => `  ${printable(`${object}: ${problem}; ${action}`)}`);
  if (repaired.length > 0) blocks.push(['repaired', ...repaired]);
  const last = `${checks.length} checks: ${counts.ok} ok, ${counted(counts.warn, 'warning')}, ${counts.fail} failed, ${counts.unknown} unknown`;
  return `${[...blocks.map((lines) => lines.join('\n')), last].join('\n\n')}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
