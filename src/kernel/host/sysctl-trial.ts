import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Sysctl } from './sysctls.js';

export interface SysctlTrial {
  readonly sysctls: readonly Sysctl[];
  /** The name of a link, whose sysctls are tried at `lo`. */
  readonly link: string;
}

/** Why a new network namespace does not take a sysctl. */
export interface SysctlRefusal {
  readonly name: string;
  readonly why: string;
}

const MAIN = fileURLToPath(new URL('./sysctl-trial-main.js', import.meta.url));

/**
 * Writes sysctls, in their order, in a network namespace of its own, by a process of its own, and reads them again: the first one that is not
 * there, cannot be written, or has another value than was written; null: none.
 */
export async function trySysctls(trial: SysctlTrial): Promise<SysctlRefusal | null> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, JSON.stringify(trial)]);
  return JSON.parse(stdout) as SysctlRefusal | null;
}
