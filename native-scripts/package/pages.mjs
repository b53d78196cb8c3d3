/**
 * Writes what follows from the code into a folder, as it is installed below a prefix: manual pages, completion for bash, zsh
 * and fish, an example of the configuration file.
 *
 *   node native-scripts/package/pages.mjs PREFIX
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DNS_KEYS, POOL_KEYS, sysctlKey, TOP_KEYS } from '../../dist/src/config/keys/index.js';
import { commandTree, flatten } from './command-tree.mjs';
import { bashCompletion, fishCompletion, zshCompletion } from './completion.mjs';
import { exampleConfiguration } from './example-configuration.mjs';
import { manualPages } from './manual.mjs';

const PACKAGE = new URL('../../package.json', import.meta.url);

function table(prefix, keys) {
  return {
    prefix,
    keys: Object.values(keys).map(({ name, type, meaning, allowed, initial, initialMeaning }) => ({
      ...{ name, type, meaning: `${meaning} Allowed: ${allowed}.` },
      ...{ initialValue: initial, initial: initialMeaning ?? JSON.stringify(initial) },
    })),
  };
}

/** Text by file name, below a prefix such as /usr. */
export function renderPages() {
  const commands = flatten(commandTree());
  const tables = [table('', TOP_KEYS), table('pools.NAME.', POOL_KEYS), table('pools.NAME.sysctls.', { one: sysctlKey('"net.core.somaxconn"') }), table('pools.NAME.dns.', DNS_KEYS)];
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
  const pages = Object.entries(manualPages({ commands, tables, version })).map(([name, text]) => [`share/man/${name}`, text]);
  return {
    ...Object.fromEntries(pages),
    'share/bash-completion/completions/netnsd': bashCompletion(commands),
    'share/zsh/vendor-completions/_netnsd': zshCompletion(commands),
    'share/fish/vendor_completions.d/netnsd.fish': fishCompletion(commands),
    'share/doc/netnsd/examples/netnsd.toml': exampleConfiguration(tables),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(renderPages())) {
    const file = join(process.argv[2], name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
