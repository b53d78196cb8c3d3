import { readFileSync, statSync } from 'node:fs';
import { normalize } from 'node:path';
import { NetnsdError } from '../errors.js';
import { parseDocument } from './document.js';
import { POOL_KEYS, TOP_KEYS } from './keys/index.js';
import { defaultPool, namesOf, readPools } from './pools.js';
import { Section } from './section.js';
import type { Config } from './types.js';

/** Where the daemon is and who may reach it: only a start can change that. */
const BOUND = ['netnsDir', 'socketGroup', 'socketMode'] as const;
type BoundSettings = { readonly [K in (typeof BOUND)[number]]?: Config[K] | undefined };

/** Read if it exists and no other file is given. */
export const CONFIG_FILE = '/etc/netnsd/netnsd.toml';
const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads the configuration from the TOML file `path`, or from `/etc/netnsd/netnsd.toml` if that exists; otherwise returns
 * the defaults. `bound`: settings of a running daemon, some of which cannot be changed. Throws `config_invalid` and
 * `subnet_overlap`, in one line with file, line and key.
 */
export function readConfig({ path, bound = {} }: { path: string | null; bound?: BoundSettings }): Config {
  const file = path ?? CONFIG_FILE;
  const source = readSource(file, path !== null);
  return parseConfig({ source: source ?? '', file, bound });
}

/** The text of the file; null if it does not exist and is not required. */
function readSource(file: string, required: boolean): string | null {
  try {
    const stats = statSync(file);
    // A pipe or a device may never end, and cannot be read again for a reload.
    if (!stats.isFile() && !stats.isDirectory() && file !== '/dev/null')
      throw new Error('it is not a regular file: give one with --config');
    if (stats.size > LARGEST_BYTES) throw new Error(`it is larger than ${LARGEST_BYTES} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return null;
    const reasons: Record<string, string> = {
      ENOENT: 'the file does not exist: give another with --config',
      EISDIR: 'it is a folder: give a file with --config',
      EACCES: 'permission denied',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
    };
    const reason = reasons[code ?? ''] ?? message;
    throw new NetnsdError('config_invalid', `cannot read the configuration ${file}: ${reason}`, {
      details: { file },
      cause: error,
    });
  }
}

/** The configuration in the TOML text `source`; messages name it `file`. */
export function parseConfig(options: { source: string; file: string; bound?: BoundSettings }): Config {
  const { source, file, bound = {} } = options;
  const top = new Section({ file, path: '' }, parseDocument(source, file));
  const elsewhere = Object.fromEntries([...namesOf(POOL_KEYS), 'dns'].map((key) => [key, 'a table [pools.NAME]']));
  top.refuseUnknown([...namesOf(TOP_KEYS), 'pools'], { elsewhere });
  const pools = top.section('pools');
  const netnsDir = top.read(TOP_KEYS.netnsDir) ?? TOP_KEYS.netnsDir.initial;
  const held = {
    netnsDir: netnsDir === null ? null : normalize(netnsDir),
    socketGroup: top.read(TOP_KEYS.socketGroup) ?? TOP_KEYS.socketGroup.initial,
    socketMode: top.read(TOP_KEYS.socketMode) ?? TOP_KEYS.socketMode.initial,
  };
  for (const key of BOUND)
    if (bound[key] !== undefined && bound[key] !== held[key])
      top.refuse(TOP_KEYS[key].name, 'restart the daemon to change it (`systemctl restart netnsd`)');
  return {
    ...held,
    reconcileSeconds: top.read(TOP_KEYS.reconcileSeconds) ?? TOP_KEYS.reconcileSeconds.initial,
    logLevel: top.read(TOP_KEYS.logLevel) ?? TOP_KEYS.logLevel.initial,
    pools: pools === undefined || pools.names().length === 0 ? [defaultPool()] : readPools(pools),
  };
}
