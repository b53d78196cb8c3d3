/**
 * Fills the figures of docs/benchmarks.md in, from what `netnsd bench SUITE --json` printed; no figure gets there otherwise.
 *
 *   node native-scripts/figures.mjs                    measures all suites (root; a quiet machine; takes minutes)
 *   node native-scripts/figures.mjs REPORT.json...     takes these reports, one a suite, instead; the figures of other suites stay
 *   node native-scripts/figures.mjs --print REPORT...  prints the block and leaves the page alone
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replaceBlock } from './markdown-block.mjs';

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
const MAIN = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
const SUITES = ['build', 'boot', 'fill', 'acquire', 'cli', 'cni', 'start', 'scale', 'network', 'recycle', 'memory'];
/** What a suite draws: written where it is measured, shown where it is there. */
const PLOT = fileURLToPath(new URL('../docs/scale.svg', import.meta.url));
const PLOTTED = 'scale';
const NUMBER = /^-?\d+(\.\d+)?$/;

function fail(message) {
  console.error(`figures: ${message}`);
  process.exit(1);
}

function parse(text, source) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    fail(`${source} is no JSON: it must be what \`netnsd bench SUITE --json\` printed`);
  }
  const { suite, tables, claims, notes, machine } = report ?? {};
  const whole = SUITES.includes(suite) && [tables, claims, notes].every(Array.isArray) && machine?.kernel !== undefined;
  if (!whole) fail(`${source} is no report of netnsd bench`);
  return report;
}

function measure(suite) {
  console.error(`figures: netnsd bench ${suite}`);
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 24 };
  try {
    const plot = suite === PLOTTED ? ['--plot', PLOT] : [];
    return execFileSync(process.execPath, [MAIN, 'bench', suite, '--json', ...plot], options);
  } catch {
    return fail(`netnsd bench ${suite} failed; docs/benchmarks.md is as it was`);
  }
}

/** As the suite prints it for readers: three digits that count. */
function cellText(cell) {
  if (cell === null) return '-';
  if (typeof cell === 'string' || Number.isInteger(cell)) return String(cell).replaceAll('|', '\\|');
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : Math.abs(cell) >= 10 ? cell.toFixed(1) : cell.toFixed(2);
}

function tableText({ title, rows }) {
  const head = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => head.map((name) => cellText(row[name] ?? null)));
  const rule = head.map((_, column) => (cells.every((row) => row[column] === '-' || NUMBER.test(row[column])) ? '---:' : '---'));
  return [`${title}:`, '', ...[head, rule, ...cells].map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function claimsText(claims) {
  if (claims.length === 0) return [];
  const lines = claims.map(({ met, name, text }) => `- ${met ? 'met' : '**missed**'}: ${name}: ${text}`);
  return [`Targets:\n\n${lines.join('\n')}`];
}

function reportText({ suite, tables, claims, notes, machine }) {
  const { kernel, cpu, cores, memoryMiB, node } = machine;
  return [
    `### netnsd bench ${suite}`,
    `Linux ${kernel}, ${cores} cores (${cpu}), ${memoryMiB} MiB, Node ${node}.`,
    ...(suite === PLOTTED && existsSync(PLOT) ? ['![What a pool costs, by its number of endpoints](scale.svg)'] : []),
    ...tables.map(tableText),
    ...claimsText(claims),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
  ].join('\n\n');
}

const printing = process.argv.includes('--print');
const files = process.argv.slice(2).filter((argument) => argument !== '--print');
const reports =
  files.length > 0
    ? files.map((file) => parse(readFileSync(file, 'utf8'), file))
    : SUITES.map((suite) => parse(measure(suite), `the output of netnsd bench ${suite}`));
reports.sort((a, b) => SUITES.indexOf(a.suite) - SUITES.indexOf(b.suite));
const sections = new Map(reports.map((report) => [report.suite, reportText(report)]));
if (printing) console.log([...sections.values()].join('\n\n'));
else {
  const text = readFileSync(PAGE, 'utf8');
  const [, standing = ''] = /<!-- figures:start -->\n([\s\S]*?)\n<!-- figures:end -->/.exec(text) ?? [];
  for (const section of standing.split(/^(?=### netnsd bench )/m)) {
    const [, suite] = /^### netnsd bench (\w+)/.exec(section) ?? [];
    if (suite !== undefined && !sections.has(suite)) sections.set(suite, section.trim());
  }
  const block = SUITES.flatMap((suite) => sections.get(suite) ?? []).join('\n\n');
  writeFileSync(PAGE, replaceBlock(text, 'figures', block));
}
