import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NetnsdError } from '../errors.js';
import { netnsUsers } from '../kernel/netns/netns-users.js';
import { VAULT_LINK, VAULT_MOUNTS, VAULT_PIN } from '../kernel/netns/vault-layout.js';
import { startVault } from '../kernel/netns/vault-program.js';
import { peekTaken } from '../shelf/index.js';
import { AttachmentFiles, peekLeases, realStateDir } from '../state/index.js';

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
  const users = netnsUsers();
  const inodes = new Map<string, number | undefined>(await mountedInodes(realStateDir(stateDir)));
  const names = new Map<string, string>();
  const taken = peekTaken(stateDir);
  const grafts = new Map(graftedByCni(stateDir));
  for (const { id, lease, facts } of peekLeases(stateDir)) {
    inodes.set(id, lease?.graft?.inode ?? grafts.get(lease?.containerId ?? '') ?? facts?.netns.inode);
    if (lease?.containerId) names.set(id, lease.containerId);
  }
  return [...inodes].flatMap(([id, inode]) => {
    const pids = users.get(inode ?? 0) ?? [];
    return pids.length === 0 ? [] : [{ name: names.get(id) ?? taken.get(inode ?? 0) ?? id, pids }];
  });
}

/** The namespaces into which netnsd-cni moved interfaces, by the container id of the lease. */
function graftedByCni(stateDir: string): [containerId: string, inode: number][] {
  const grafts = new AttachmentFiles(stateDir).list().filter(({ delivery }) => delivery === 'graft');
  return grafts.map(({ key, targetInode }) => [key, targetInode]);
}

/** What is mounted in the vault, by endpoint; a process stands in it afterwards. */
async function mountedInodes(stateDir: string): Promise<[id: string, inode: number][]> {
  if (!existsSync(join(stateDir, VAULT_PIN))) return [];
  await startVault(stateDir);
  const folder = `${join(stateDir, VAULT_LINK)}/..${VAULT_MOUNTS}`;
  return readdirSync(folder).flatMap((id): [string, number][] => {
    const stats = statSync(`${folder}/${id}`, { throwIfNoEntry: false });
    return stats === undefined ? [] : [[id, stats.ino]];
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
