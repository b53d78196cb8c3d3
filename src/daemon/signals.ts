/** End the daemon. */
const ENDING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
/** Would end it by default, SIGUSR1 would open Node.js's debugger on TCP: they are logged and have no effect. */
const IGNORED = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGXFSZ',
] as const;
type Ending = (typeof ENDING)[number];
const EXIT_STATUS: Readonly<Record<Ending, number>> = { SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

interface SignalsOptions {
  readonly log: { info(details: object, message: string): void };
  /** SIGHUP. */
  readonly reload: () => void;
}

/** What the daemon does on signals, from its construction until it is disposed. */
export class Signals implements Disposable {
  /** Resolves with the first signal that ends the daemon; a second one ends the process at once. */
  readonly ending: Promise<NodeJS.Signals>;
  readonly #log: SignalsOptions['log'];
  readonly #handlers = new Map<NodeJS.Signals, NodeJS.SignalsListener>();
  #resolve: (signal: NodeJS.Signals) => void = () => undefined;
  #phase: 'starting' | 'serving' | 'ending' = 'starting';

  constructor({ log, reload }: SignalsOptions) {
    this.#log = log;
    this.ending = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of ENDING) this.#handle(signal, () => this.#end(signal));
    for (const signal of IGNORED) this.#handle(signal, () => log.info({ signal }, `${signal} ignored`));
    this.#handle('SIGHUP', reload);
  }

  /** From now on `ending` is waited for. Until then there is nothing to finish, and a signal ends the process. */
  serving(): void {
    this.#phase = 'serving';
  }

  #handle(signal: NodeJS.Signals, handler: NodeJS.SignalsListener): void {
    this.#handlers.set(signal, handler);
    process.on(signal, handler);
  }

  #end(signal: Ending): void {
    if (this.#phase === 'starting') {
      this.#log.info({ signal }, 'stopped during startup; the next start continues');
      this[Symbol.dispose]();
      // By the signal itself, as it would without a handler; not by SIGQUIT, which dumps core.
      process.kill(process.pid, signal === 'SIGQUIT' ? 'SIGTERM' : signal);
    } else if (this.#phase === 'ending') {
      process.exit(EXIT_STATUS[signal]);
    }
    this.#phase = 'ending';
    this.#resolve(signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    this.#handlers.clear();
  }
}
