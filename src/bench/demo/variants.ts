import type { NetnsdClient } from '../../client/index.js';
import { runProcess } from '../programs/run-process.js';
import type { Bundle, Network } from './bundle.js';
import { median } from './page.js';

/** One way to a container's network: makes it, and says how to get rid of it. */
export interface Variant {
  readonly title: string;
  /** What is timed as "network". */
  readonly open: (id: string) => Promise<{ network: Network; close: () => Promise<unknown> }>;
}

export interface Timing {
  readonly networkMs: number;
  readonly startedMs: number;
}

/** A lease of a pool; cold if the pool keeps none ready. */
export function leased(client: NetnsdClient, pool: string, title: string): Variant {
  return {
    title,
    open: async (containerId) => {
      const lease = await client.acquire({ pool, containerId });
      return { network: { path: lease.netns.path }, close: () => client.release(lease.id) };
    },
  };
}

/** No work for anything but runc. */
export function plain(network: 'empty' | 'host', title: string): Variant {
  return { title, open: async () => ({ network, close: async () => {} }) };
}

/** The same network as a lease's made by a script of `ip` commands, on the bridge that `prepareByIp` makes. */
export function byIp(title: string): Variant {
  return {
    title,
    open: async (id) => {
      await ip('netns', 'add', id);
      await ip('link', 'add', `h-${id}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id);
      await ip('link', 'set', `h-${id}`, 'master', BRIDGE, 'up');
      await ip('-n', id, 'address', 'add', '10.215.0.2/24', 'dev', 'eth0');
      for (const link of ['lo', 'eth0']) await ip('-n', id, 'link', 'set', link, 'up');
      await ip('-n', id, 'route', 'add', 'default', 'via', '10.215.0.1');
      return { network: { path: `/run/netns/${id}` }, close: () => ip('netns', 'delete', id) };
    },
  };
}

const BRIDGE = 'demo-by-ip';

async function ip(...args: string[]): Promise<void> {
  await runProcess('ip', args);
}

/** Makes the bridge of `byIp`; returns its removal. */
export async function prepareByIp(): Promise<() => Promise<void>> {
  await ip('link', 'add', BRIDGE, 'type', 'bridge');
  await ip('address', 'add', '10.215.0.1/24', 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  return () => ip('link', 'delete', BRIDGE);
}

/** Starts one container by a variant: the time for its network, and from then to the container's first output. */
export async function start(variant: Variant, bundle: Bundle, id: string): Promise<Timing> {
  const begin = performance.now();
  const { network, close } = await variant.open(id);
  const networkMs = performance.now() - begin;
  try {
    const writing = performance.now();
    bundle.write('echo started', network);
    const writtenMs = performance.now() - writing;
    return { networkMs, startedMs: writtenMs + (await bundle.run(id)).startedMs };
  } finally {
    await close();
  }
}

/** The medians of a variant's runs. */
export function medians(timings: readonly Timing[]): Timing & { totalMs: number } {
  return {
    networkMs: median(timings.map((one) => one.networkMs)),
    startedMs: median(timings.map((one) => one.startedMs)),
    totalMs: median(timings.map((one) => one.networkMs + one.startedMs)),
  };
}
