import type { DoctorReport } from './dependencies.js';
import { printable } from './table.js';

const INDENT = '    ';

/**
 * What is not fine, by group, one line a check with what to do below it; with `verbose` also what is fine. The last line has
 * the counts.
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
  const mended = findings
    .filter(({ outcome }) => outcome === 'done')
    .map(({ object, problem, action }) => `  ${printable(`${object}: ${problem}; ${action}`)}`);
  if (mended.length > 0) blocks.push(['mended', ...mended]);
  const last = `${checks.length} looked at: ${counts.ok} fine, ${counts.warn} to mind, ${counts.fail} failed, ${counts.unknown} that could not be told`;
  return `${[...blocks.map((lines) => lines.join('\n')), last].join('\n\n')}\n`;
}
