import { mkdirSync, rmdirSync } from 'node:fs';
import { shortHash } from '../../endpoint/identity.js';
import { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Settled, Site } from '../../endpoint/types.js';
import { startVault, stopVault } from '../../kernel/netns/vault-program.js';
import { runNft } from '../../kernel/nftables/nft.js';

export const POOL = 'bench';

/** The kernel thread as a daemon opens it, with one pool and a state directory of its own. */
export interface BenchThread {
  readonly thread: EndpointThread;
  /** Names of endpoints, none of which was given before. */
  names(count: number): EndpointName[];
  /** Builds in batches of so many, as a pool does. */
  build(names: readonly EndpointName[], batch: number): Promise<Settled<EndpointFacts>[]>;
  /** After the last endpoint was destroyed. */
  close(): Promise<void>;
}

export async function openBenchThread(options: {
  readonly folder: string;
  readonly networks: Pick<NetworkSettings, 'subnet' | 'subnet6' | 'antiSpoof' | 'isolation' | 'published'>;
  /** The rules in the host; absent: none. */
  readonly rules?: (site: Site) => string;
}): Promise<BenchThread> {
  const { folder, networks, rules } = options;
  const site = { instanceId: shortHash(folder), identity: folder, stateDir: folder, netnsDir: null };
  mkdirSync(folder, { recursive: true });
  await startVault(folder);
  const thread = await EndpointThread.start({
    site,
    networks: [
      {
        name: POOL,
        ...networks,
        mtuBytes: 1500,
        max: 1000,
        endpointsPerHub: 1000,
        dns: { servers: [], search: [], options: [] },
      },
    ],
  });
  if (rules !== undefined) await runNft(rules(site));
  await thread.openVault();
  await thread.open();
  let seq = 0;
  return {
    thread,
    names: (count) =>
      Array.from({ length: count }, (_, index) => {
        seq += 1;
        return { id: `${POOL}-${seq}`, pool: POOL, index, seq };
      }),
    async build(names, batch) {
      const batches = Array.from({ length: Math.ceil(names.length / batch) }, (_, i) =>
        names.slice(i * batch, (i + 1) * batch),
      );
      return (await Promise.all(batches.map((some) => thread.build(some, { urgent: false })))).flat();
    },
    async close() {
      await thread.close();
      await stopVault(folder);
      rmdirSync(folder);
    },
  };
}
