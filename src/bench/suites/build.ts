import { POOL_KEYS } from '../../config/keys/index.js';
import type { BenchOptions } from '../options.js';
import { openReference } from '../peers/c-reference.js';
import { openCniBridge } from '../peers/cni-bridge.js';
import { openIpCommand } from '../peers/ip-command.js';
import type { Peer, Timing } from '../peers/peer.js';
import { openProduct } from '../peers/product.js';
import { settleNamespaces } from '../programs/native-programs.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { median, medianRatio, summarise } from '../report/statistics.js';

/** As a pool asks for them unless configured otherwise; the reference uses the same. */
const BATCH = POOL_KEYS.buildBatch.initial;
const WITH_IPV6 = 'netnsd, IPv6';
/** A pool with subnet6 takes at most so many times as long. */
const IPV6_FACTOR = 1.15;
/** With masquerade, a published port, anti_spoof and full isolation; at least so fast as without. */
const WITH_WALLS = 'netnsd, walls';
const WALLS_SPEED = 0.8;
/** By peer, how much faster netnsd is to be. */
const TARGETS: Record<string, { unit: string; target: number }> = {
  C: { unit: 'of C', target: 0.75 },
  'CNI bridge': { unit: 'times CNI bridge', target: 5 },
  'ip commands': { unit: 'times ip commands', target: 20 },
};

/** Endpoints built and destroyed by netnsd and by others, in alternating order. */
export async function benchBuild({ sizes, rounds, peers: asked }: BenchOptions): Promise<Report> {
  const product = await openProduct(BATCH);
  const peers = [
    await openReference(BATCH),
    product,
    await openProduct(BATCH, WITH_IPV6),
    await openProduct(BATCH, WITH_WALLS),
  ];
  if (asked.includes('cni')) peers.push(await openCniBridge());
  if (asked.includes('ip')) peers.push(await openIpCommand());
  const tables: Table[] = [];
  const claims: Claim[] = [];
  for (const size of sizes) {
    const timings = await measure(peers, size, rounds);
    tables.push(tableOf(timings, size));
    claims.push(...claimsOf(timings, size));
  }
  for (const peer of peers) await peer.close();
  return { suite: 'build', tables, claims, notes: notes(product.name) };
}

async function measure(peers: readonly Peer[], size: number, rounds: number): Promise<Map<string, Timing[]>> {
  const timings = new Map<string, Timing[]>(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) {
      if (round >= peer.rounds(size, rounds)) continue;
      await settleNamespaces();
      timings.get(peer.name)?.push(await peer.run(size));
    }
  }
  return timings;
}

const builds = (timings: readonly Timing[] = []) => timings.map(({ buildMs }) => buildMs);

function tableOf(timings: ReadonlyMap<string, Timing[]>, size: number): Table {
  const own = builds(timings.get('netnsd'));
  const rows = [...timings].map(([peer, runs]) => {
    const { median: medianMs, p99, min, runs: count } = summarise(builds(runs));
    return {
      peer,
      runs: count,
      'median ms': medianMs,
      'p99 ms': p99,
      'min ms': min,
      'ms each': medianMs / size,
      'time / netnsd': medianRatio(builds(runs), own),
      'destroy median ms': median(runs.map(({ destroyMs }) => destroyMs)),
    };
  });
  return { title: `Build ${size} endpoints on one bridge`, rows };
}

function claimsOf(timings: ReadonlyMap<string, Timing[]>, size: number): Claim[] {
  const own = builds(timings.get('netnsd'));
  return [...timings].flatMap(([peer, runs]) => {
    const goal = TARGETS[peer];
    if (peer === WITH_IPV6)
      return claim({
        name: `build ${size}: time of a pool with IPv6`,
        comparison: 'at most',
        measured: medianRatio(builds(runs), own),
        unit: 'times that without',
        target: IPV6_FACTOR,
      });
    if (peer === WITH_WALLS)
      return claim({
        name: `build ${size}: speed of a pool with walls`,
        comparison: 'at least',
        measured: medianRatio(own, builds(runs)),
        unit: 'of that without',
        target: WALLS_SPEED,
      });
    if (goal === undefined) return [];
    const measured = medianRatio(builds(runs), own);
    return claim({ name: `build ${size}: speed against ${peer}`, comparison: 'at least', measured, ...goal });
  });
}

function notes(name: string): string[] {
  return [
    `${name} and C build ${BATCH} at a time; before each run the kernel has finished cleaning up after the one before`,
    `${name}'s code is warm: it has built 600 endpoints before, as in a daemon that has run for a while`,
    `${WITH_WALLS}: a pool with masquerade, one published port, anti_spoof and isolation = "full"; its rules are in the host and in its hub`,
    'C makes the same endpoint as netnsd without IPv6; CNI (ipMasq off) and ip commands make theirs, with IPv6 as the kernel has it; CNI leaves lo down',
    'destroyed means that links and mounts are gone; freeing the namespaces goes on in the kernel afterwards',
  ];
}
