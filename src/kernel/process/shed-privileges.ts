import { errnoOf } from '../errno.js';
import { type CapabilitySets, missingCapabilities, neededMask, readCapabilities } from './capabilities.js';

/** Tells the program that replaced this one not to try again. */
const MARK = 'NETNSD_PRIVILEGES_SHED';

type Libc = typeof import('../libc.js');

/**
 * Drops every capability that is not needed, for all threads and for good: out of the bounding set, with
 * `no_new_privs` (PR_SET_NO_NEW_PRIVS), and by capset(2). All three act on the calling thread, and Node.js has started
 * others before any JavaScript runs; so the process then executes itself anew, with the same id, arguments and open
 * standard streams, and every thread of it is started with what is left. Resolves at once where that is done already (the
 * native program netnsd does it), or where a capability that is needed is missing. To be called on the main thread, before
 * anything is opened.
 */
export async function shedPrivileges(): Promise<void> {
  const shed = process.env[MARK] !== undefined;
  delete process.env[MARK];
  if (missingCapabilities().some(({ required }) => required)) return;
  const sets = readCapabilities();
  const surplus = (sets.permitted | sets.inheritable) & ~neededMask();
  if (shed || (surplus === 0n && sets.noNewPrivileges)) return;
  dropAndReplace(sets, await import('../libc.js'));
}

function dropAndReplace({ permitted, bounding }: CapabilitySets, libc: Libc): void {
  const keep = neededMask();
  for (let number = 0; bounding >> BigInt(number) !== 0n; number++) {
    if ((bounding & ~keep & (1n << BigInt(number))) !== 0n && !dropFromBounding(number, libc)) break;
  }
  libc.forbidNewPrivileges();
  const kept = permitted & keep;
  // Root is given what is left of the bounding set again; others only what is ambient, which has to be inheritable.
  libc.setCapabilities({ permitted: kept, inheritable: process.geteuid?.() === 0 ? 0n : kept });
  // Node.js has marked every descriptor that it inherited to be closed.
  for (const fd of [0, 1, 2]) libc.keepAcrossExec(fd);
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  libc.replaceProcess({ path: process.execPath, argv, env: { ...process.env, [MARK]: '1' } });
}

/** False without CAP_SETPCAP: the set stays then, and nothing can be gained from it, since `no_new_privs` is set. */
function dropFromBounding(number: number, libc: Libc): boolean {
  try {
    libc.dropFromBoundingSet(number);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM') return false;
    throw error;
  }
}
