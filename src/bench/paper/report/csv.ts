import type { Results } from '../journal.js';
import { STAGES } from '../stages.js';

type Value = string | number | null | undefined;

/** A line for each request that was answered (RFC 4180). Pure. */
export function requestsCsv({ runs }: Results): string {
  const head = ['contender', 'language', 'at_once', 'round', 'request', 'sent_ms', 'answered_ms', 'done_ms'];
  const rows = runs.flatMap((run) =>
    run.requests.map(({ sentMs, answeredMs, doneMs, stages }, index) => [
      ...[run.contender, run.language, run.atOnce, run.round, index, sentMs, answeredMs, doneMs],
      ...STAGES.map((stage) => stages[stage]),
    ]),
  );
  return csv([[...head, ...STAGES.map((stage) => `${stage.replaceAll(/[ -]/g, '_')}_ms`)], ...rows]);
}

/** A line for each run, also for those that failed. */
export function runsCsv({ runs }: Results): string {
  const head = ['contender', 'language', 'at_once', 'round', 'last_answer_ms', 'nothing_left_ms', 'error'];
  const rows = runs.map(({ contender, language, atOnce, round, requests, error }) => [
    ...[contender, language, atOnce, round],
    ...(error === null
      ? [Math.max(...requests.map((one) => one.answeredMs)), Math.max(...requests.map((one) => one.doneMs))]
      : [null, null]),
    error,
  ]);
  return csv([head, ...rows]);
}

function csv(rows: readonly (readonly Value[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: Value): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(3);
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
