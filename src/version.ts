import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: two folders above the compiled file, in dist/src and in dist/bundle. */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);

/** The path of a file of the package, from its folder on. */
export function packagePath(name: string): string {
  return fileURLToPath(new URL(name, PACKAGE_ROOT));
}

/** The version in package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
