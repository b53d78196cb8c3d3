import { mkdirSync, rmdirSync } from 'node:fs';
import { shortHash } from '../../endpoint/identity.js';
import { EndpointThread } from '../../endpoint/thread/endpoint-thread.js';
import type { EndpointName, Settled } from '../../endpoint/types.js';
import { startVault, stopVault } from '../../kernel/netns/vault-program.js';
import { type Peer, timed } from './peer.js';

const POOL = 'bench';
/** Enough for the engine to compile what is hot, as in a daemon that has run for a while. */
const WARM_UP_ROUNDS = 6;
const WARM_UP_SIZE = 100;

/** With and without IPv6: each has a state directory and a subnet of its own. */
const VARIANTS = {
  netnsd: { folder: '/run/bench-product', networks: { subnet: '10.214.0.0/16' } },
  'netnsd, IPv6': {
    folder: '/run/bench-product-ipv6',
    networks: { subnet: '10.215.0.0/16', subnet6: 'fd00:215::/64' },
  },
} as const;

/** netnsd's own endpoints, asked of the kernel thread in batches as a pool does. The thread is kept, as a daemon keeps it. */
export async function openProduct(batch: number, name: keyof typeof VARIANTS = 'netnsd'): Promise<Peer> {
  const { folder, networks } = VARIANTS[name];
  mkdirSync(folder, { recursive: true });
  await startVault(folder);
  const thread = await EndpointThread.start({
    site: { instanceId: shortHash(folder), identity: folder, stateDir: folder, netnsDir: null },
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
  await thread.openVault();
  await thread.open();
  let seq = 0;

  async function run(size: number) {
    const names = Array.from({ length: size }, (_, index): EndpointName => {
      seq += 1;
      return { id: `${POOL}-${seq}`, pool: POOL, index, seq };
    });
    const batches = Array.from({ length: Math.ceil(size / batch) }, (_, i) => names.slice(i * batch, (i + 1) * batch));
    const build = async () => {
      throwFailure((await Promise.all(batches.map((some) => thread.build(some, { urgent: false })))).flat());
    };
    return timed(build, async () => throwFailure(await thread.destroy(names)));
  }

  for (let round = 0; round < WARM_UP_ROUNDS; round++) await run(WARM_UP_SIZE);
  return {
    name,
    rounds: (_, rounds) => rounds,
    run,
    close: async () => {
      await thread.close();
      await stopVault(folder);
      rmdirSync(folder);
    },
  };
}

function throwFailure(outcomes: readonly Settled<unknown>[]): void {
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
}
