import { readFileSync } from 'node:fs';
import { execa } from 'execa';

/**
 * What is really there, seen by iproute2 and procfs and never by the product's own reader.
 */
export interface SeenLink {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly operstate: string;
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

/** The links with their addresses of this namespace, or of the one at `netns` (`ip -j address`). */
export async function links(netns?: string): Promise<SeenLink[]> {
  const { stdout } = await inside(netns, 'ip', '-j', 'address', 'show');
  return JSON.parse(stdout) as SeenLink[];
}

/** Where the hub of a pool is mounted, for any program: a pool of up to 1 000 endpoints has just this one. */
export function hubOf({ stateDir }: { readonly stateDir: string }, pool = 'default'): string {
  return `${stateDir}/netns/../hubs/${pool}.0`;
}

/** The links in that hub. */
export function hubLinks(daemon: { readonly stateDir: string }, pool?: string): Promise<SeenLink[]> {
  return links(hubOf(daemon, pool));
}

/** Whether `address` answers one ping from this namespace, within ten seconds. */
export async function answersPing(address: string): Promise<boolean> {
  const { exitCode } = await execa('/bin/busybox', ['ping', '-c1', '-W10', address], { reject: false });
  return exitCode === 0;
}

/** The mount points of this namespace at or below `folder`, from mountinfo. */
export function mountsBelow(folder: string): string[] {
  const points = readFileSync('/proc/thread-self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point === folder || point.startsWith(`${folder}/`));
}

/** Runs a command in the network namespace mounted at `netns`; here if there is none. */
async function inside(netns: string | undefined, ...command: string[]) {
  const all = netns === undefined ? command : ['nsenter', `--net=${netns}`, ...command];
  return await execa(all[0] as string, all.slice(1));
}

/** Calls `look` until it returns true, every 20 ms; throws with `what` after `deadlineMs`. */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  deadlineMs = 180_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`Not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
