import { DNS_KEYS, type Key, POOL_KEYS, sysctlKey, TOP_KEYS } from './keys/index.js';

/** The table of all keys in Markdown, as docs/reference.md has it. */
export function renderKeyTable(): string {
  const tables: [string, Record<string, Key<unknown>>][] = [
    ['', TOP_KEYS],
    ['pools.NAME.', POOL_KEYS],
    ['pools.NAME.sysctls.', { any: sysctlKey('"net.…"') }],
    ['pools.NAME.dns.', DNS_KEYS],
  ];
  const rows = tables.flatMap(([prefix, keys]) => Object.values(keys).map((key) => renderRow(prefix, key)));
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function renderRow(prefix: string, key: Key<unknown>): string {
  const initial = key.initialMeaning ?? `\`${Array.isArray(key.initial) ? '[]' : key.initial}\``;
  const meaning = `${key.meaning} Allowed: ${key.allowed}.`;
  return `| ${[`\`${prefix}${key.name}\``, key.type, initial, meaning].map(escapeCell).join(' | ')} |`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
