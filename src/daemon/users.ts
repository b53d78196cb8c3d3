import { readFileSync } from 'node:fs';
import { takeInventory } from '../endpoint/build/inventory.js';
import { Host } from '../endpoint/host.js';
import { netnsPrefix } from '../endpoint/plan.js';
import { NetnsdError } from '../errors.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { peekLeases } from '../state/index.js';
import { findSite } from './claim.js';

/** How many endpoints in use a message names, and how many processes of each. */
const SHOWN = 10;
const SHOWN_PIDS = 3;

/** Throws `lease_in_use` with the names of containers and processes, if any is inside an endpoint of this state directory. */
export async function refuseUsed(stateDir: string): Promise<void> {
  const used = await findUsed(stateDir);
  if (used.length === 0) return;
  const more = used.length > SHOWN ? ` and ${used.length - SHOWN} more` : '';
  const names = used.slice(0, SHOWN).map(({ name, pids }) => `${name} (${processes(pids)})`);
  throw new NetnsdError(
    'lease_in_use',
    `${used.length} endpoints are in use: ${names.join(', ')}${more}; end these containers, or take their network away with --force`,
    { details: { users: used } },
  );
}

/** The endpoints that have a process inside, by the container or, where none is known, the endpoint's id. */
async function findUsed(stateDir: string): Promise<{ name: string; pids: readonly number[] }[]> {
  using host = Host.open();
  const { site } = await findSite({ stateDir, netnsDir: null, socket: host.socket });
  const { namespaces } = await takeInventory(host, site);
  const users = netnsUsers();
  const prefix = `${site.netnsDir}/${netnsPrefix(site)}`;
  const inodes = new Map<string, number | undefined>();
  for (const [path, inode] of namespaces) inodes.set(path.slice(prefix.length), inode);
  const names = new Map<string, string>();
  for (const { id, lease, facts } of peekLeases(stateDir)) {
    inodes.set(id, lease?.graft?.inode ?? facts?.netns.inode);
    if (lease?.containerId) names.set(id, lease.containerId);
  }
  return [...inodes].flatMap(([id, inode]) => {
    const pids = users.get(inode ?? 0) ?? [];
    return pids.length === 0 ? [] : [{ name: names.get(id) ?? id, pids }];
  });
}

function processes(pids: readonly number[]): string {
  const shown = pids.slice(0, SHOWN_PIDS).map((pid) => `${pid} ${commandOf(pid)}`.trim());
  return `process ${shown.join(', ')}${pids.length > SHOWN_PIDS ? ', …' : ''}`;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
