import { toNetnsdError } from '../../errors.js';
import { Periodic } from '../../reconcile/index.js';

/** How often the egress route is looked up, in milliseconds. */
const INTERVAL_MS = 5000;

interface MtuWatchOptions {
  /** Of the pools with `mtu = "auto"`; null: there are none. */
  readonly mtuBytes: number | null;
  /** That of the egress route now; null: there is none. Throws kernel_error. */
  readonly read: () => number | null;
  readonly changed: () => void;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
  readonly intervalMs?: number;
}

/** Notices that the egress route has another MTU than pools have that follow it. A route that is gone changes nothing. */
export class MtuWatch implements Disposable {
  readonly #periodic: Periodic | undefined;

  constructor({ mtuBytes, read, changed, log, intervalMs = INTERVAL_MS }: MtuWatchOptions) {
    if (mtuBytes === null) return;
    let failure = '';
    const task = async (): Promise<void> => {
      try {
        const now = read();
        failure = '';
        if (now === null || now === mtuBytes) return;
        log.info({ from: mtuBytes, to: now }, 'the egress route has another MTU: new endpoints get it');
        changed();
      } catch (error) {
        const { message } = toNetnsdError(error);
        if (message !== failure) log.warn({ err: error }, 'the MTU of the egress route cannot be read');
        failure = message;
      }
    };
    this.#periodic = new Periodic({ intervalMs, task });
  }

  [Symbol.dispose](): void {
    this.#periodic?.[Symbol.dispose]();
  }
}
