import type { Logger } from 'pino';
import type { Config } from '../../config/index.js';
import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Pools } from '../../pool/index.js';
import { reportReady, reportReloading } from '../service-manager.js';
import { readSettings, type ServeOptions } from '../settings.js';
import { planReload, type ReloadPlan } from './reload-plan.js';

/** What a reload acts on while the daemon serves. */
export interface Reloadable {
  readonly config: Config;
  readonly pools: Pick<Pools, 'status' | 'resize'>;
  /** Rejects with what would keep a daemon with this configuration from starting. Changes nothing. */
  check(config: Config): Promise<void>;
  /** Has everything closed, and opened again with this configuration. */
  reopen(config: Config): void;
}

export interface ReloadReport extends ReloadPlan {
  /** When the configuration in effect was read, RFC 3339. If pools are opened anew, that is another time once it is done. */
  readonly readAt: string;
}

/** Reads the configuration again, on SIGHUP and on request. One that is refused changes nothing. */
export class Reload {
  readonly #options: ServeOptions;
  readonly #log: Logger;
  #serving: Reloadable | null = null;
  #served: Config | null = null;
  /** SIGHUP came while nothing was being served. */
  #wanted = false;
  #readAt = new Date().toISOString();
  #error: string | null = null;

  constructor(options: ServeOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /** When the configuration in effect was read, and why the newest one is not; null: it is. */
  get state(): { readonly readAt: string; readonly error: string | null } {
    return { readAt: this.#readAt, error: this.#error };
  }

  /** The configuration that was in effect last. */
  get served(): Config | null {
    return this.#served;
  }

  /** Everything is open with the configuration of `serving`. */
  serving(serving: Reloadable): void {
    this.#serving = serving;
    this.#served = serving.config;
    this.#readAt = new Date().toISOString();
    if (this.#wanted) this.bySignal();
  }

  /** What was to be opened anew could not be: the configuration before is in effect again. */
  failed(error: unknown): void {
    this.#error = toNetnsdError(error).message;
    this.#log.error({ err: error }, 'the new configuration could not be put into effect; going on with the one before');
  }

  bySignal(): void {
    this.#wanted = this.#serving === null;
    if (this.#serving !== null) void this.run().catch(() => undefined);
  }

  /** Has everything opened anew with the configuration in effect, since what it follows has changed. */
  again(): void {
    const serving = this.#serving;
    this.#serving = null;
    serving?.reopen(serving.config);
  }

  /** Resolves with what was changed. Rejects, and logs why, with config_invalid, subnet_overlap and others. */
  async run(): Promise<ReloadReport> {
    const serving = this.#serving;
    if (serving === null) throw new NetnsdError('shutting_down', 'pools are being opened: try again');
    try {
      const report = await this.#reload(serving);
      this.#error = null;
      return report;
    } catch (error) {
      this.#error = toNetnsdError(error).message;
      this.#log.warn({ err: error }, 'the configuration was read again and refused; nothing was changed');
      throw error;
    }
  }

  async #reload(serving: Reloadable): Promise<ReloadReport> {
    const config = readSettings(this.#options, { running: serving.config });
    const plan = planReload(serving.config, config);
    if (plan.reopens) await serving.check(config);
    if (this.#serving !== serving) throw new NetnsdError('shutting_down', 'pools are being opened: try again');
    reportReloading();
    this.#log.level = config.logLevel;
    this.#log.info({ ...plan }, 'the configuration was read again');
    const readAt = this.#readAt;
    if (plan.reopens) {
      this.#serving = null;
      serving.reopen(config);
      return { ...plan, readAt };
    }
    resize(serving.pools, config);
    this.serving({ ...serving, config });
    reportReady();
    return { ...plan, readAt: this.#readAt };
  }
}

/** The sizes are those of the file from now on, whatever `netnsd pool set` made of them. */
function resize(pools: Reloadable['pools'], config: Config): void {
  const sizes = new Map(pools.status().map(({ name, minReady, max }) => [name, `${minReady} ${max}`]));
  for (const { name, minReady, max } of config.pools)
    if (sizes.get(name) !== `${minReady} ${max}`) pools.resize(name, { minReady, max });
}
