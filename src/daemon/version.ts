import { readFileSync } from 'node:fs';

/** The package's version; dist/src/daemon lies three folders below package.json. */
export const VERSION = (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
