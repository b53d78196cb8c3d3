import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { errnoOf } from '../errno.js';

let builtin: ReadonlySet<string> | null | undefined;

/**
 * Which modules' code the kernel has now, built in or loaded (proc_modules(5), kbuild's modules.builtin): a function from
 * name to boolean. To ask the kernel for what it lacks would make it load the module. Where the list of what is built in is
 * not to be had, everything counts as there.
 */
export function presentModules(): (name: string) => boolean {
  if (builtin === undefined) builtin = readBuiltin();
  const there = builtin;
  if (there === null) return () => true;
  const loaded = new Set(lines('/proc/modules')?.map((line) => line.split(' ', 1)[0] ?? ''));
  return (name) => there.has(name) || loaded.has(name);
}

function readBuiltin(): ReadonlySet<string> | null {
  const paths = lines(`/lib/modules/${release()}/modules.builtin`);
  if (paths === undefined) return null;
  return new Set(
    paths.map((path) =>
      path
        .slice(path.lastIndexOf('/') + 1)
        .replace(/\.ko$/, '')
        .replaceAll('-', '_'),
    ),
  );
}

function lines(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
