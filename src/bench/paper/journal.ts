import { readFileSync, writeSync } from 'node:fs';
import type { Machine } from '../report/machine.js';
import type { Engine, Mode } from './contenders/contender.js';
import type { Language } from './functions.js';
import type { RequestTimes } from './stages.js';

/** Who took part, or why not. */
export interface Part {
  readonly name: string;
  readonly title: string;
  readonly engine: Engine;
  readonly mode: Mode;
  readonly isBound: boolean;
  /** The programs that this machine lacks; the contender was left out. */
  readonly lacks: readonly string[];
}

/** A batch of requests at once. */
export interface Run {
  readonly kind: 'run';
  readonly contender: string;
  readonly language: Language;
  readonly atOnce: number;
  readonly round: number;
  /** In the order in which they were sent; none where it failed. */
  readonly requests: readonly RequestTimes[];
  /** Why it failed. */
  readonly error: string | null;
}

/** Networks alone, made and removed at once. */
export interface NetworkRun {
  readonly kind: 'network';
  readonly contender: string;
  readonly atOnce: number;
  readonly round: number;
  readonly createMs: number;
  readonly removeMs: number;
}

/** What `count` more of something that waits costs. */
export interface Idle {
  readonly kind: 'idle';
  readonly what: string;
  readonly count: number;
  /** Of processes and of the kernel, together: less memory available (MemAvailable of proc_meminfo(5)). */
  readonly machineMb: number;
  /** Resident memory of netnsd's daemon, of it; null for others. */
  readonly daemonMb: number | null;
}

/** What others pay for a pool at rest. */
export interface Beside {
  readonly kind: 'beside';
  readonly poolSize: number;
  readonly daemonMb: number;
  readonly kernelMb: number;
  /** `runc run` with host networking over the same before the daemon started: one at a time, and 50 at once. */
  readonly oneRatio: number;
  readonly manyRatio: number;
}

export interface Head {
  readonly kind: 'head';
  readonly date: string;
  readonly machine: Machine;
  /** Memory in use before anything was started. */
  readonly usedMb: number;
  /** Name and version of programs. */
  readonly versions: Readonly<Record<string, string>>;
  readonly parts: readonly Part[];
  readonly atOnce: readonly number[];
  readonly rounds: number;
  readonly limits: Readonly<Partial<Record<Language, number>>>;
}

/** Something that was planned and not measured. */
export interface Missing {
  readonly kind: 'missing';
  readonly what: string;
  readonly why: string;
}

export type Entry = Head | Run | NetworkRun | Idle | Beside | Missing | { readonly kind: 'end' };

/** Writes each entry at once, a line each: what was measured is there however the measuring ends. */
export function journalOn(fd: number): (entry: Entry) => void {
  return (entry) => void writeSync(fd, `${JSON.stringify(entry)}\n`);
}

/** What was measured. */
export interface Results {
  readonly head: Head;
  readonly runs: readonly Run[];
  readonly networks: readonly NetworkRun[];
  readonly idle: readonly Idle[];
  readonly beside: readonly Beside[];
  readonly missing: readonly Missing[];
  /** Whether it was measured to the end. */
  readonly complete: boolean;
}

/** Reads a journal; a last line that was cut off is left out. Undefined if nothing had been measured yet. */
export function readJournal(file: string): Results | undefined {
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
  const of = <K extends Entry['kind']>(kind: K) =>
    entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
  const [head] = of('head');
  if (head === undefined || entries.length === 1) return undefined;
  return {
    head,
    runs: of('run'),
    networks: of('network'),
    idle: of('idle'),
    beside: of('beside'),
    missing: of('missing'),
    complete: of('end').length > 0,
  };
}
