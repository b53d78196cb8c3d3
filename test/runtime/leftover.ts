import { readdirSync, readlinkSync } from 'node:fs';
import type { Test } from 'tap';
import type { Daemon } from './daemon.js';
import { eventually, hubLinks } from './eye.js';
import { SeenVault } from './vault.js';

/** The process ids that stand in the network namespace with this inode, or hold it open (proc_pid_ns(5), proc_pid_fd(5)). */
export function holdersOf(inode: number): number[] {
  const name = `net:[${inode}]`;
  const holds = (pid: string): boolean => {
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) === name) return true;
      return readdirSync(`/proc/${pid}/fd`).some((fd) => target(`/proc/${pid}/fd/${fd}`) === name);
    } catch {
      return false; // ended meanwhile
    }
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && holds(entry))
    .map(Number);
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}

/** How many endpoints have their other end in the first hub of one of these pools. */
export async function hubPorts(daemon: Daemon, pools: readonly { name: string }[]): Promise<number> {
  const links = await Promise.all(pools.map(({ name }) => hubLinks(daemon, name)));
  return links.flat().filter(({ ifname }) => ifname.startsWith('nd')).length;
}

/**
 * Checks that exactly `leases` of this daemon stand, that no process is in the namespaces `gone`, and that there are as many
 * mounts and links as the pools own to: nothing is lost between them.
 */
export async function expectNothingLeft(
  t: Test,
  daemon: Daemon,
  options: { leases?: number; gone: readonly number[] },
) {
  const { leases = 0, gone } = options;
  await eventually(`${leases} leases are left`, async () => (await daemon.leases()).length === leases).catch(() =>
    t.comment('waited for leases in vain'),
  );
  t.equal((await daemon.leases()).length, leases, 'the leases that are to stand, stand, and no other');
  await eventually('the pools have settled', async () =>
    (await daemon.pools()).every(({ building, destroying, dirty }) => building + destroying + dirty === 0),
  );
  const pools = await daemon.pools();
  const owned = pools.reduce((sum, { ready, leased }) => sum + ready + leased, 0);
  const mounts = () => new SeenVault(daemon.stateDir).endpoints.length;
  // A daemon that has just started builds one endpoint more, to read what pristine is. It is in no count, and its link goes after
  // its mount, when the kernel clears the namespace away.
  await eventually('there is no other mount', () => mounts() === owned).catch(() => undefined);
  t.equal(mounts(), owned, 'there is a mount an endpoint and no more');
  await eventually('there is no other link', async () => (await hubPorts(daemon, pools)) === owned).catch(
    () => undefined,
  );
  t.equal(await hubPorts(daemon, pools), owned, 'there is a link an endpoint and no more');
  t.same(gone.flatMap(holdersOf), [], 'no process is in the released namespaces');
}
