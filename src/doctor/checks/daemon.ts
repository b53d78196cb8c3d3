import { join } from 'node:path';
import { CONFIG_FILE } from '../../config/index.js';
import { VAULT_LINK } from '../../kernel/netns/vault-layout.js';
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

export const CONFIGURATION_FILE: Check = {
  group: 'daemon',
  name: 'configuration-file',
  what: 'the `--config` with which the daemon was started, against the file that was checked here',
  why: 'checks of the configuration say nothing about a daemon that reads another file',
  repair: '`netnsd doctor --config FILE`',
  run({ daemon, files, place }) {
    if (!daemon.answers) return [];
    const words = files.text(`/proc/${daemon.status.pid}/cmdline`)?.split('\0') ?? [];
    const own = configOf(words);
    const checked = place.configPath ?? CONFIG_FILE;
    if (own === undefined || own === checked) return ok(`the daemon reads ${checked}`);
    return warn(
      `the daemon was started with --config ${own}, and this checked ${checked}`,
      `netnsd doctor --config ${own}`,
    );
  },
};

/** `--config FILE` or `--config=FILE` of a command line; undefined: the usual file. */
function configOf(words: readonly string[]): string | undefined {
  const at = words.indexOf('--config');
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith('--config='))?.slice('--config='.length);
}

export const PATHS: Check = {
  group: 'daemon',
  name: 'paths',
  what: 'the link through which the paths of leases lead, as seen from here',
  why: 'in a container with process ids of its own, paths lead nowhere (`No such file or directory`), and netnsd-runc refuses to start',
  repair: 'run the caller with the process ids of the host (`--pid host`) and the state directory mounted',
  run({ daemon, files, place }) {
    if (!daemon.answers) return [];
    const link = join(place.stateDir, VAULT_LINK);
    const target = files.link(link);
    const pid = target === undefined ? undefined : /^\/proc\/(\d+)\/root/.exec(target)?.[1];
    if (pid === undefined)
      return warn(
        `${link} is not there, or not the link of a daemon`,
        "netnsd doctor --state-dir DIR, with the daemon's",
      );
    if (files.text(`/proc/${pid}/comm`)?.trim() === 'netnsd-vault') return ok(`${link} leads to process ${pid}`);
    return fail(
      `${link} leads to process ${pid}, which is none of netnsd here: this is another PID namespace than the daemon's`,
      'run this, and what uses the paths of leases, with the process ids of the host',
    );
  },
};

export const WARNINGS: Check = {
  group: 'daemon',
  name: 'warnings',
  what: 'what the daemon does without on this host, as in `netnsd status`',
  why: 'a missing capability, or a cgroup root that another program holds, makes recycling slower or leaves something out',
  repair: 'the message names the cause; restart the daemon after it is gone',
  run({ daemon }) {
    if (!daemon.answers) return [];
    const { warnings = [] } = daemon.status;
    return warnings.length > 0 ? warnings.map((warning) => warn(warning)) : ok('nothing is missing');
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
