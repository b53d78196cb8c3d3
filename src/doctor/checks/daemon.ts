import type { Finding } from '../../reconcile/findings.js';
import { unwrap } from '../machine.js';
import { type Check, fail, type Outcome, ok, unknown, warn } from '../outcome.js';

export const DAEMON: Check = {
  group: 'daemon',
  name: 'daemon',
  what: 'a daemon answers on the socket',
  why: 'without a daemon there are no leases',
  repair: '`systemctl enable --now netnsd`, or `netnsd serve`',
  run({ daemon }) {
    if (daemon.answers) return ok(`netnsd ${daemon.status.version} answers, pid ${daemon.status.pid}`);
    if (daemon.forbidden) return unknown(daemon.why, 'sudo netnsd doctor');
    return unknown(daemon.why);
  },
};

export const VERSION: Check = {
  group: 'daemon',
  name: 'version',
  what: "the daemon's version against that of this command",
  why: 'an update takes effect when the daemon restarts',
  repair: 'restart the daemon; leases stay',
  run({ daemon, version }) {
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
  why: 'a pool in trouble is not refilled; a broken endpoint could not be destroyed, and is retried',
  repair: "the message is the kernel's; another check often names the cause",
  run({ daemon }) {
    if (!daemon.answers) return [];
    const outcomes = daemon.status.pools.flatMap(({ name, trouble, broken }): Outcome[] => [
      ...(trouble === null
        ? []
        : [fail(`pool ${name} is in trouble: ${trouble}`, 'journalctl -u netnsd has the details')]),
      ...(broken === 0
        ? []
        : [
            fail(
              `pool ${name} failed to destroy ${broken} endpoints; retrying`,
              'journalctl -u netnsd says why; to start over: netnsd down, then netnsd serve',
            ),
          ]),
    ]);
    return outcomes.length > 0 ? outcomes : ok(`${daemon.status.pools.length} pools, none in trouble`);
  },
};

export const RECONCILE: Check = {
  group: 'daemon',
  name: 'reconcile',
  what: 'differences between records, kernel and processes; see docs/reconcile.md',
  why: 'another program or a person deleted, unmounted, flushed or moved an object of netnsd',
  repair: '`netnsd doctor --fix`; the daemon also repairs every minute',
  run({ daemon }) {
    if (!daemon.answers) return [];
    const { findings, endpoints } = unwrap(daemon.reconciliation);
    const lasting = findings.filter(({ outcome }) => outcome !== 'done');
    const repaired = findings.length - lasting.length;
    if (lasting.length === 0)
      return ok(`${endpoints} endpoints checked, ${repaired > 0 ? `${repaired} repaired` : 'no difference'}`);
    return lasting.map(outcomeOf);
  },
};

function outcomeOf({ object, problem, action, outcome, advice, lease }: Finding): Outcome {
  const message = `${object}: ${problem}${lease === null ? '' : ` (lease ${lease})`}`;
  if (action === 'none') return fail(message, advice ?? 'netnsd cannot repair this');
  if (outcome === 'failed') return fail(message, `the repair failed: ${advice ?? 'the log says why'}`);
  return fail(message, 'sudo netnsd doctor --fix');
}
