import type { Machine } from './machine.js';

/** `fail`: the daemon does not start, or endpoints do not work. `warn`: something is lost, or will be some day. */
export type Status = 'ok' | 'warn' | 'fail' | 'unknown';

/** What one look came to. */
export interface Outcome {
  readonly status: Status;
  /** One line. */
  readonly message: string;
  /** What to do: the very commands, or a file and what belongs into it, one a line; null where there is nothing to do. */
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

/** One thing that may be wrong with a host. docs/doctor.md is held to `what`, `why` and `mend`. */
export interface Check {
  readonly group: Group;
  /** Stable: scripts look for it. */
  readonly name: string;
  readonly what: string;
  readonly why: string;
  readonly mend: string;
  /** Reads, and changes nothing. What it throws makes the check unknown. */
  look(machine: Machine): Outcome | readonly Outcome[];
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
