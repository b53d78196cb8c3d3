import { errnoOf } from '../errno.js';
import { dropFromBoundingSet, forbidNewPrivileges, keepAcrossExec, replaceProcess, setCapabilities } from '../libc.js';
import { missingCapabilities, neededMask, readCapabilities } from './capabilities.js';

/** Tells the program that replaced this one not to try again. */
const MARK = 'NETNSD_PRIVILEGES_SHED';

/**
 * Drops every capability that is not needed, for all threads and for good: out of the bounding set, with
 * `no_new_privs` (PR_SET_NO_NEW_PRIVS), and by capset(2). All three act on the calling thread, and Node.js has started
 * others before any JavaScript runs; so the process then executes itself anew, with the same id, arguments and open
 * standard streams, and every thread of it is started with what is left. Returns at once where that is done already, or
 * where a capability that is needed is missing. To be called on the main thread, before anything is opened.
 */
export function shedPrivileges(): void {
  const shed = process.env[MARK] !== undefined;
  delete process.env[MARK];
  const keep = neededMask();
  const { permitted, bounding, inheritable, noNewPrivileges } = readCapabilities();
  if (missingCapabilities().some(({ required }) => required)) return;
  const surplus = (permitted | inheritable) & ~keep;
  if (shed || (surplus === 0n && noNewPrivileges)) return;
  for (let number = 0; bounding >> BigInt(number) !== 0n; number++) {
    if ((bounding & ~keep & (1n << BigInt(number))) !== 0n && !dropFromBounding(number)) break;
  }
  forbidNewPrivileges();
  const kept = permitted & keep;
  // Root is given what is left of the bounding set again; others only what is ambient, which has to be inheritable.
  setCapabilities({ permitted: kept, inheritable: process.geteuid?.() === 0 ? 0n : kept });
  // Node.js has marked every descriptor that it inherited to be closed.
  for (const fd of [0, 1, 2]) keepAcrossExec(fd);
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  replaceProcess({ path: process.execPath, argv, env: { ...process.env, [MARK]: '1' } });
}

/** False without CAP_SETPCAP: the set stays then, and nothing can be gained from it, since `no_new_privs` is set. */
function dropFromBounding(number: number): boolean {
  try {
    dropFromBoundingSet(number);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}
