import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { program } from '../native/program.js';
import { type Bundle, makeBundle } from './bundle.js';
import type { Daemon } from './daemon.js';
import { answersPing, eventually, hubLinks } from './eye.js';

export const CONFIG = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';
const netnsdRunc = program();

/** What a container prints of its network, each part after a line that names it. */
export const LOOK = `
echo addresses; ip address show; echo routes; ip route show; echo mac; cat /sys/class/net/eth0/address
ping -c1 -W10 $(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p') >/dev/null && echo "reached the gateway"; true`;

interface HookSpec {
  hooks?: Record<string, unknown>;
  annotations?: Record<string, string>;
}

/** A bundle whose spec has the hooks that `netnsd oci hooks` prints. */
export async function hookedBundle(daemon: Daemon, script: string, change: (spec: HookSpec) => void = () => {}) {
  const bundle = await makeBundle(script);
  const file = join(bundle.folder, 'config.json');
  const spec: HookSpec = JSON.parse(readFileSync(file, 'utf8'));
  Object.assign(spec, JSON.parse(await daemon.cli('oci', 'hooks', '--program', netnsdRunc)));
  change(spec);
  writeFileSync(file, JSON.stringify(spec, null, 2));
  return bundle;
}

/** A container that runs in the background until it is killed; gone with the block in any case. */
export async function startDetached(runtime: string, bundle: Bundle, id: string) {
  await execa(runtime, ['run', '--detach', '--bundle', bundle.folder, id], { stdio: 'ignore' });
  const { stdout } = await execa(runtime, ['state', id]);
  return {
    pid: (JSON.parse(stdout) as { pid: number }).pid,
    kill: async () => {
      await execa(runtime, ['kill', id, 'KILL']);
      await eventually('the container has ended', async () => {
        const state = await execa(runtime, ['state', id]);
        return (JSON.parse(state.stdout) as { status: string }).status === 'stopped';
      });
      await execa(runtime, ['delete', id]);
    },
    [Symbol.asyncDispose]: async () => void (await execa(runtime, ['delete', '--force', id], { reject: false })),
  };
}

/** The one lease that is grafted. */
export async function graftedLease(daemon: Daemon): Promise<Lease> {
  const leases = await daemon.leases();
  if (leases.length !== 1) throw new Error(`${leases.length} leases, not one`);
  return leases[0] as Lease;
}

export const ipOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;

/** The lease is back, and of its endpoint neither link nor mount nor answer is left. */
export async function nothingLeft(t: Test, daemon: Daemon, lease: Lease): Promise<void> {
  t.same(await daemon.leases(), [], 'no lease stands');
  await eventually('the namespace is gone', () => !existsSync(lease.netns.path));
  const { hostName } = lease.interface;
  await eventually('its link is gone', async () => !(await hubLinks(daemon)).some(({ ifname }) => ifname === hostName));
  t.notOk(await answersPing(ipOf(lease)), 'its address does not answer');
  await daemon.filled();
}
