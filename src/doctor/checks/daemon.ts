import type { Finding } from '../../reconcile/findings.js';
import { unwrap } from '../machine.js';
import { type Check, fail, type Outcome, ok, unknown, warn } from '../outcome.js';

export const DAEMON: Check = {
  group: 'daemon',
  name: 'daemon',
  what: 'a daemon answers on the socket',
  why: 'without one nothing is leased',
  mend: '`systemctl enable --now netnsd`, or `netnsd serve`',
  look({ daemon }) {
    if (daemon.answers) return ok(`netnsd ${daemon.status.version} answers, pid ${daemon.status.pid}`);
    if (daemon.forbidden) return unknown(daemon.why, 'sudo netnsd doctor');
    return unknown(daemon.why);
  },
};

export const VERSION: Check = {
  group: 'daemon',
  name: 'version',
  what: "the daemon's version against that of this command",
  why: 'an update takes effect when the daemon is started anew',
  mend: 'a restart, which leaves leases alone',
  look({ daemon, version }) {
    if (!daemon.answers) return [];
    if (daemon.status.version === version) return ok(`netnsd ${version}, both`);
    return warn(
      `the daemon is netnsd ${daemon.status.version}, and this command ${version}`,
      'systemctl restart netnsd (leases stay)',
    );
  },
};

export const POOLS: Check = {
  group: 'daemon',
  name: 'pools',
  what: '`trouble` and `broken` of each pool, as in `netnsd status`',
  why: 'a pool in trouble is not filled; a broken endpoint would not go, and is tried again',
  mend: "the message is the kernel's; what it lacks is often another finding here",
  look({ daemon }) {
    if (!daemon.answers) return [];
    const outcomes = daemon.status.pools.flatMap(({ name, trouble, broken }): Outcome[] => [
      ...(trouble === null
        ? []
        : [fail(`pool ${name} is in trouble: ${trouble}`, 'journalctl -u netnsd has all of it')]),
      ...(broken === 0
        ? []
        : [
            fail(
              `pool ${name} has ${broken} endpoints that would not go`,
              'journalctl -u netnsd says why; netnsd down and netnsd serve begin anew',
            ),
          ]),
    ]);
    return outcomes.length > 0 ? outcomes : ok(`${daemon.status.pools.length} pools, none in trouble`);
  },
};

export const RECONCILE: Check = {
  group: 'daemon',
  name: 'reconcile',
  what: 'what the daemon finds that is not as it should be: docs/reconcile.md',
  why: 'somebody else deleted, unmounted, flushed or moved what is its own',
  mend: '`netnsd doctor --fix`; the daemon does the same every minute',
  look({ daemon }) {
    if (!daemon.answers) return [];
    const { findings, endpoints } = unwrap(daemon.reconciliation);
    const standing = findings.filter(({ outcome }) => outcome !== 'done');
    const mended = findings.length - standing.length;
    if (standing.length === 0)
      return ok(`${endpoints} endpoints are as they should be${mended > 0 ? `, ${mended} things mended` : ''}`);
    return standing.map(outcomeOf);
  },
};

function outcomeOf({ object, problem, action, outcome, advice, lease }: Finding): Outcome {
  const message = `${object}: ${problem}${lease === null ? '' : ` (lease ${lease})`}`;
  if (action === 'none') return fail(message, advice ?? 'this is for a person to decide');
  if (outcome === 'failed') return fail(message, `it could not be mended: ${advice ?? 'the log says why'}`);
  return fail(message, 'sudo netnsd doctor --fix');
}
