import { execFile } from 'node:child_process';
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../../errors.js';
import { packagePath } from '../../version.js';
import { isNotFound } from '../errno.js';
import { closeAnyway } from '../libc.js';
import { openProcess, type ProcessIdentity } from '../process/pidfd.js';
import { VAULT_LINK, VAULT_PIN } from './vault-layout.js';

/** Where native-scripts/bin.sh puts it. */
export const VAULT_PROGRAM = packagePath('dist/bin/netnsd-vault');
/** It takes a few milliseconds; longer than this only where the machine does nothing else any more. */
const DEADLINE_MS = 60_000;

/**
 * Has `netnsd-vault` stand in the vault of a state directory, unless it does: in a mount namespace of its own or, where one
 * is pinned, in that one, with all that is mounted there. Resolves when the link `STATE_DIR/netns` leads into it. Throws
 * missing_tool, and kernel_error with the program's own words.
 */
export async function startVault(stateDir: string): Promise<void> {
  if (findResident(stateDir) === undefined) await run('start', stateDir);
}

/** Ends the vault of a state directory, with every namespace in it that no process is in; absence is success. Throws as `startVault`. */
export async function stopVault(stateDir: string): Promise<void> {
  await run('stop', stateDir);
}

/**
 * The process to which the link of a state directory leads, if it is one in the namespace that is pinned there: whatever else
 * bears that number, no lease is to be found through it.
 */
export function findResident(stateDir: string): ProcessIdentity | undefined {
  try {
    const pid = Number(/^\/proc\/(\d+)\/root\/netns$/.exec(readlinkSync(join(stateDir, VAULT_LINK)))?.[1]);
    if (!Number.isSafeInteger(pid)) return undefined;
    const { process, fd } = openProcess(pid);
    try {
      const pinned = statSync(join(stateDir, VAULT_PIN));
      const own = statSync(`/proc/${pid}/ns/mnt`);
      return own.ino === pinned.ino && own.dev === pinned.dev ? process : undefined;
    } finally {
      closeAnyway(fd);
    }
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** EINVAL of readlink(2): something else bears the link's name. */
function isAbsence(error: unknown): boolean {
  if (error instanceof NetnsdError && error.code === 'process_gone') return true;
  return isNotFound(error) || (error as NodeJS.ErrnoException).code === 'EINVAL';
}

function run(command: 'start' | 'stop', stateDir: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      VAULT_PROGRAM,
      [command, realpathSync(stateDir)],
      { timeout: DEADLINE_MS },
      (error, _, stderr) => {
        if (error === null) return resolve();
        if (error.code === 'ENOENT') {
          const message = `${VAULT_PROGRAM} is missing: build it by \`npm run build\`, which takes make and a C compiler`;
          return reject(new NetnsdError('missing_tool', message, { cause: error }));
        }
        const details = { operation: `${command} the vault`, stateDir };
        reject(new NetnsdError('kernel_error', stderr.trim() || error.message, { details, cause: error }));
      },
    );
    child.stdin?.end();
  });
}
