import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { REAL } from './real-files.js';
import type { Fault, Plan } from './types.js';

/** Where it happened, in names that are the same in every run: numbers and marks are left out. */
export function generalName(text: string): string {
  return text
    .replace(/\bn([db])[a-z2-7]{4}-[0-9a-z.]+/g, 'n$1*')
    .replace(/\b[0-9a-f]{16}\b/g, 'LEASE')
    .replace(/\d+(?:\.\d+)*/g, 'N')
    .trim();
}

/** The positive number of a symbolic errno. */
export function errnoNumber(name: string): number {
  return (constants.errno as Record<string, number>)[name] ?? 5;
}

/**
 * The points of one thread: counts how often each was passed since the plan was laid, writes each pass down in the file
 * `passed` (thread, point, in which ways it may fail), and says what is to be done to it.
 */
export class Points {
  readonly thread = isMainThread ? 'main' : 'kernel';
  readonly #folder: string;
  readonly #passed: number;
  readonly #counts = new Map<string, number>();
  #plan: Plan = { paths: [], hit: null };
  #planInode = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#passed = REAL.openSync(`${folder}/passed`, 'a', 0o600);
  }

  get paths(): readonly string[] {
    this.#look();
    return this.#plan.paths;
  }

  /** This pass of a point: what is to be done to it, or undefined. */
  enter(point: string, errnos: readonly string[]): Fault | undefined {
    this.#look();
    const count = (this.#counts.get(point) ?? 0) + 1;
    this.#counts.set(point, count);
    this.#write(`${this.thread}\t${point}\t${errnos.join(' ')}`);
    const { hit } = this.#plan;
    if (hit === null || hit.thread !== this.thread || hit.point !== point) return undefined;
    if (hit.nth !== 0 && hit.nth !== count) return undefined;
    this.#write(`hit\t${point}\t`);
    if (hit.fault.act === 'end thread') process.exit(1);
    return hit.fault;
  }

  #write(line: string): void {
    REAL.writeSync(this.#passed, `${line}\n`);
  }

  /** A new plan is another file under the same name. */
  #look(): void {
    const path = `${this.#folder}/plan.json`;
    const { ino } = REAL.statSync(path);
    if (ino === this.#planInode) return;
    this.#planInode = ino;
    this.#plan = JSON.parse(REAL.readFileSync(path, 'utf8')) as Plan;
    this.#counts.clear();
  }
}

/** The end of the process at this very instruction, as from outside. */
export function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Blocks the thread. */
export function stall(delayMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}
