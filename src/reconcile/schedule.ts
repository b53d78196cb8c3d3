import type { Finding, Reconciliation } from './findings.js';
import type { Reconciler } from './reconciler.js';

interface Log {
  warn(details: object, message: string): void;
}

/** One line for each finding; what only a person can mend is said once, as long as it stays. */
class FindingLog {
  readonly #log: Log;
  #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  tell(findings: readonly Finding[]): void {
    const standing = new Set<string>();
    for (const { problem, outcome, advice, object, ...more } of findings) {
      const details = { object, ...more, ...(advice !== null && { advice }) };
      const line = `${object}: ${problem}`;
      if (outcome === 'done') this.#log.warn(details, `${line}; ${more.action}`);
      else if (!this.#said.has(line)) this.#log.warn(details, `${line}; ${advice ?? 'it stays so'}`);
      if (outcome !== 'done') standing.add(line);
    }
    this.#said = standing;
  }
}

/** When the daemon reconciles: at its start, now and then, and when it is asked to; what it mends is logged. */
export class Reconciling {
  readonly #reconciler: Pick<Reconciler, 'run'>;
  readonly #intervalMs: number;
  readonly #log: Log;
  readonly #findings: FindingLog;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { reconciler: Pick<Reconciler, 'run'>; intervalMs: number; log: Log }) {
    this.#reconciler = options.reconciler;
    this.#intervalMs = options.intervalMs;
    this.#log = options.log;
    this.#findings = new FindingLog(options.log);
  }

  /** Compares once; with `fix` also mends, and logs what was mended. Rejects with worker_failed and kernel_error. */
  async run({ fix }: { fix: boolean }): Promise<Reconciliation> {
    const done = await this.#reconciler.run({ fix });
    if (fix) this.#findings.tell(done.findings);
    return done;
  }

  /** Mends now and then, the next time so long after the last has ended, until `stop`. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.tryOnce().finally(() => this.start());
    }, this.#intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Mends, and only logs where that cannot be done. */
  async tryOnce(): Promise<void> {
    try {
      await this.run({ fix: true });
    } catch (error) {
      this.#log.warn({ err: error }, 'what there is could not be compared with what should be');
    }
  }
}
