import { hostRules } from '../../endpoint/network/host-rules.js';
import type { Settled, Site } from '../../endpoint/types.js';
import { openBenchThread, POOL } from './bench-thread.js';
import { type Peer, timed } from './peer.js';

/** Enough for the engine to compile what is hot, as in a daemon that has run for a while. */
const WARM_UP_ROUNDS = 6;
const WARM_UP_SIZE = 100;

const WALLED = '10.217.0.0/16';
const PUBLISHED = {
  subnet: WALLED,
  ports: [{ protocol: 'tcp' as const, port: 8080 }],
  hostPorts: Array.from({ length: 1000 }, (_, index) => 30_000 + index),
};

/** What a daemon has in the host for such a pool. */
function rulesOf(site: Site): string {
  const pool = {
    name: POOL,
    subnet: WALLED,
    subnet6: null,
    masquerade: true,
    masqueradeExcept: [],
    publish: PUBLISHED.ports,
    isolation: 'full' as const,
    hostAccess: true,
    egressDeny: [],
    egressAllow: [],
    maxConnections: null,
    maxConnectionsPerSecond: null,
  };
  return hostRules(site, [pool], { published: [PUBLISHED] });
}

/** With and without IPv6 and walls: each has a state directory and a subnet of its own. */
const VARIANTS = {
  netnsd: { folder: '/run/bench-product', networks: { subnet: '10.214.0.0/16' } },
  'netnsd, IPv6': {
    folder: '/run/bench-product-ipv6',
    networks: { subnet: '10.215.0.0/16', subnet6: 'fd00:215::/64' },
  },
  'netnsd, walls': {
    folder: '/run/bench-product-walls',
    networks: { subnet: WALLED, antiSpoof: true, isolation: 'full', published: PUBLISHED },
    rules: rulesOf,
  },
} as const;

/** netnsd's own endpoints, asked of the kernel thread in batches as a pool does. The thread is kept, as a daemon keeps it. */
export async function openProduct(batch: number, name: keyof typeof VARIANTS = 'netnsd'): Promise<Peer> {
  const bench = await openBenchThread(VARIANTS[name]);

  async function run(size: number) {
    const names = bench.names(size);
    const build = async () => throwFailure(await bench.build(names, batch));
    return timed(build, async () => throwFailure(await bench.thread.destroy(names)));
  }

  for (let round = 0; round < WARM_UP_ROUNDS; round++) await run(WARM_UP_SIZE);
  return { name, rounds: (_, rounds) => rounds, run, close: bench.close };
}

function throwFailure(outcomes: readonly Settled<unknown>[]): void {
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
}
