import type { Logger } from 'pino';
import { type Config, readConfig } from '../config/index.js';

export interface ServeOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Null: `/etc/netnsd/netnsd.toml` if it exists, otherwise defaults. */
  readonly configPath: string | null;
  /** These two, where not null, take precedence over the configuration. */
  readonly netnsDir: string | null;
  readonly logLevel: Config['logLevel'] | null;
}

/** The configuration, with what the command line overrides. Throws `config_invalid`. */
export function readSettings({ configPath, netnsDir, logLevel }: ServeOptions): Config {
  const config = readConfig({ path: configPath });
  return { ...config, netnsDir: netnsDir ?? config.netnsDir, logLevel: logLevel ?? config.logLevel };
}

/** Reads `log_level` again; a configuration that cannot be read is logged and changes nothing. */
export function reloadLogLevel(options: ServeOptions, log: Logger): void {
  try {
    log.level = readSettings(options).logLevel;
    log.info({ level: log.level }, 'SIGHUP: log_level was read again; restart to apply other settings');
  } catch (err) {
    log.warn({ err }, 'SIGHUP: failed to read the configuration; nothing was changed');
  }
}
