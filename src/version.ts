import { readFileSync } from 'node:fs';

/** The folder of package.json: two folders above the compiled file, in dist/src and in dist/bundle. */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);

/** The version in package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
