import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Whether the kernel lets this process build what endpoints are made of. */
export type Trial =
  | { readonly outcome: 'built' }
  /** `operation` is what was asked: `create bridge ndtrial`. */
  | { readonly outcome: 'refused'; readonly operation: string; readonly errno: string }
  | { readonly outcome: 'skipped'; readonly why: string };

const MAIN = fileURLToPath(new URL('./trial-main.js', import.meta.url));

/**
 * Builds a bridge with a veth pair in a network namespace of its own, by a process of its own; both are gone
 * with that process. The kernel may load modules for it.
 */
export async function tryBuilding(): Promise<Trial> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN]);
  return JSON.parse(stdout) as Trial;
}
