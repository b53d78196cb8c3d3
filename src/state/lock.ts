import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { FileLock, lockHolder } from '../kernel/file-lock.js';

/** The lock file of a state directory. */
export function lockPath(stateDir: string): string {
  return join(stateDir, 'lock');
}

/** Locks a state directory for this process; throws `state_dir_locked` if another daemon holds the lock. */
export function lockStateDirectory(stateDir: string): FileLock {
  const path = lockPath(stateDir);
  const lock = FileLock.acquire(path);
  if (lock !== undefined) return lock;
  const pid = lockHolder(path);
  const message = `another daemon (pid ${pid ?? 'unknown'}) runs on ${stateDir}: stop it, or choose another folder with --state-dir`;
  throw new NetnsdError('state_dir_locked', message, { details: { stateDir, pid } });
}
