import { hasCode, NetnsdError } from '../../errors.js';
import type { Processes } from '../ports/index.js';
import type { AcquireRequest } from '../service.js';
import type { BoundProcess, Lease } from '../types.js';

/** Aborted with the first of several signals. Dispose it when none of them matters any more. */
class EitherSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #leave = (): void => this.#controller.abort();

  constructor(signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) {
      if (signal.aborted) this.#leave();
      signal.addEventListener('abort', this.#leave, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#leave);
  }
}

/**
 * Acquires for a process. It is held before anything is leased, so that its id cannot become another's meanwhile, and its
 * end ends the waiting as well. Throws `process_gone` and what `acquire` throws.
 */
export async function acquireBound(options: {
  processes: Processes;
  pid: number;
  request: AcquireRequest;
  acquire: (request: AcquireRequest, process: BoundProcess) => Promise<Lease[]>;
}): Promise<Lease[]> {
  const { processes, pid, request, acquire } = options;
  using held = processes.hold(pid);
  const { process, ended } = held;
  using either = new EitherSignal(request.signal === undefined ? [ended] : [request.signal, ended]);
  try {
    return await acquire({ ...request, signal: either.signal }, process);
  } catch (error) {
    if (!hasCode(error, 'client_gone') || request.signal?.aborted === true) throw error;
    throw new NetnsdError('process_gone', `process ${pid} ended before it had its lease`, { details: { pid } });
  }
}
