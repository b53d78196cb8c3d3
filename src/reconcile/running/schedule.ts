import type { Reconciliation } from '../findings.js';
import { FindingLog } from './finding-log.js';
import { Periodic } from './periodic.js';
import type { Reconciler } from './reconciler.js';

interface Log {
  warn(details: object, message: string): void;
}

/** When the daemon reconciles: at its start, every `intervalMs`, and on request. What is repaired is logged. */
export class ReconcileSchedule implements Disposable {
  readonly #reconciler: Pick<Reconciler, 'run'>;
  readonly #intervalMs: number;
  readonly #log: Log;
  readonly #findings: FindingLog;
  #periodic: Periodic | undefined;

  constructor(options: { reconciler: Pick<Reconciler, 'run'>; intervalMs: number; log: Log }) {
    this.#reconciler = options.reconciler;
    this.#intervalMs = options.intervalMs;
    this.#log = options.log;
    this.#findings = new FindingLog(options.log);
  }

  /** Reconciles once; with `fix` also repairs and logs. Rejects with worker_failed and kernel_error. */
  async run({ fix, thorough = true }: { fix: boolean; thorough?: boolean }): Promise<Reconciliation> {
    const reconciliation = await this.#reconciler.run({ fix, thorough });
    if (fix) this.#findings.write(reconciliation.findings);
    return reconciliation;
  }

  /** Reconciles and repairs; a failure is logged. */
  async runOnce({ thorough = true }: { thorough?: boolean } = {}): Promise<void> {
    try {
      await this.run({ fix: true, thorough });
    } catch (err) {
      this.#log.warn({ err }, 'reconcile failed');
    }
  }

  /** Reconciles every `intervalMs` until disposed. */
  start(): void {
    this.#periodic ??= new Periodic({ intervalMs: this.#intervalMs, task: () => this.runOnce({ thorough: false }) });
  }

  [Symbol.dispose](): void {
    this.#periodic?.[Symbol.dispose]();
  }
}
