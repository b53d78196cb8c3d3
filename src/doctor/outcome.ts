import type { Machine } from './machine.js';

/** `fail`: the daemon does not start, or endpoints do not work. `warn`: something does not work, or may stop working. */
export type Status = 'ok' | 'warn' | 'fail' | 'unknown';

/** What one check came to. */
export interface Outcome {
  readonly status: Status;
  /** One line. */
  readonly message: string;
  /** What to do: commands, or a file and its content, one step a line; null if there is nothing to do. */
  readonly advice: string | null;
}

export const GROUPS = [
  'privileges',
  'kernel',
  'programs',
  'networks',
  'link managers',
  'limits',
  'state',
  'daemon',
] as const;
export type Group = (typeof GROUPS)[number];

/** One thing that may be wrong with a host. A test compares docs/doctor.md with `what`, `why` and `repair`. */
export interface Check {
  readonly group: Group;
  /** Stable: scripts use it. */
  readonly name: string;
  readonly what: string;
  readonly why: string;
  readonly repair: string;
  /** Reads, and changes nothing. If it throws an error of the system, the check is `unknown`. */
  run(machine: Machine): Outcome | readonly Outcome[];
}

export function ok(message: string): Outcome {
  return { status: 'ok', message, advice: null };
}

export function warn(message: string, ...advice: readonly string[]): Outcome {
  return { status: 'warn', message, advice: linesOf(advice) };
}

export function fail(message: string, ...advice: readonly string[]): Outcome {
  return { status: 'fail', message, advice: linesOf(advice) };
}

export function unknown(message: string, ...advice: readonly string[]): Outcome {
  return { status: 'unknown', message, advice: linesOf(advice) };
}

function linesOf(advice: readonly string[]): string | null {
  return advice.length === 0 ? null : advice.join('\n');
}
