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

/**
 * The configuration, with what the command line overrides. `running`: the one that a running daemon has, to which some keys are bound.
 * Throws `config_invalid`.
 */
export function readSettings(
  { configPath, netnsDir, logLevel }: ServeOptions,
  { running }: { running?: Config } = {},
): Config {
  const bound = running === undefined ? {} : { ...running, ...(netnsDir === null ? {} : { netnsDir: undefined }) };
  const config = readConfig({ path: configPath, bound });
  return { ...config, netnsDir: netnsDir ?? config.netnsDir, logLevel: logLevel ?? config.logLevel };
}
