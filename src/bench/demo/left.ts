import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { runProcess } from '../programs/run-process.js';

/** What there is of networks here, read by other eyes than netnsd's: `ip` and mountinfo. */
export interface Inventory {
  readonly links: readonly string[];
  readonly mounts: readonly string[];
  readonly files: readonly string[];
}

/** The links of this namespace, and the mounts and files below `stateDir`. */
export async function takeInventory(stateDir: string): Promise<Inventory> {
  const links = (JSON.parse(await runProcess('ip', ['-j', 'link', 'show'])) as { ifname: string }[]).map(
    (link) => link.ifname,
  );
  const mounts = readFileSync('/proc/thread-self/mountinfo', 'utf8')
    .split('\n')
    .map((entry) => entry.split(' ')[4] ?? '')
    .filter((point) => point === stateDir || point.startsWith(`${stateDir}/`));
  const files = existsSync(stateDir) ? (readdirSync(stateDir, { recursive: true }) as string[]) : [];
  return { links, mounts, files };
}

/** What `now` has that `before` had not, a phrase each. */
export function difference(before: Inventory, now: Inventory): string[] {
  const fresh = (kind: keyof Inventory) => now[kind].filter((one) => !before[kind].includes(one));
  const kinds = ['links', 'mounts', 'files'] as const;
  return kinds.filter((kind) => fresh(kind).length > 0).map((kind) => `${kind}: ${fresh(kind).join(', ')}`);
}
