import { NetnsdError } from '../../errors.js';
import type { Lease } from '../../pool/index.js';
import type { BenchOptions } from '../options.js';
import { type DaemonProcess, startDaemon } from '../programs/daemon-process.js';
import { waitForQuiet } from '../quiet.js';
import { type Claim, claim } from '../report/claim.js';
import type { Report, Table } from '../report/report.js';
import { median, medianRatio } from '../report/statistics.js';
import { turnOf } from '../turns.js';
import { openPlainBridge, type PlainBridge } from './plain-bridge.js';
import { type Line, measureTraffic, type Side, type Traffic } from './traffic.js';

const STREAM_MS = 400;
const TRIPS = 5000;
/** A hub has room for so many; pools that may be larger have a root hub. */
const HUB = 1000;
const ONE = 'one';
const SEVERAL = 'several';
const LEAST_THROUGHPUT = 0.95;

/** One way from a client to a server. */
interface Way {
  readonly title: string;
  /** What it is compared with; null for a reference itself. */
  readonly reference: 'host' | 'neighbour' | null;
  readonly isReference?: 'host' | 'neighbour';
  /** How many microseconds a round trip may take more than the reference's. */
  readonly mostMoreUs?: number;
  readonly line: Line;
}

/**
 * Throughput of one TCP stream and round trips: from the host and from a neighbour, within a hub and across hubs, beside a plain
 * bridge in the host, in turns. `sizes`: how many endpoints the pool with several hubs has; a thousand or fewer leave it out.
 */
export async function benchNetwork({ sizes, rounds }: BenchOptions): Promise<Report> {
  const size = Math.max(...sizes);
  const bridge = await openPlainBridge();
  const pools = [
    { name: ONE, subnet: '10.217.0.0/16', minReady: 2, max: 4 },
    ...(size > HUB ? [{ name: SEVERAL, subnet: '10.218.0.0/16', minReady: size, max: size + HUB }] : []),
  ];
  const daemon = await startDaemon('network', pools);
  try {
    const ways = [
      ...referencesOf(bridge),
      ...(await waysOf(daemon, ONE, 3)),
      ...(size > HUB ? await waysOf(daemon, SEVERAL, 5) : []),
    ];
    const series = new Map<Way, Traffic[]>(ways.map((way) => [way, []]));
    await waitForQuiet();
    // The first round warms up: it is run, but not counted.
    for (let round = -1; round < rounds; round++)
      for (const way of turnOf(ways, round)) {
        const traffic = await measureTraffic(way.line, { streamMs: STREAM_MS, trips: TRIPS });
        if (round >= 0) series.get(way)?.push(traffic);
      }
    return { suite: 'network', tables: [tableOf(series)], claims: claimsOf(series), notes: NOTES };
  } finally {
    await daemon.stop();
    await bridge.remove();
  }
}

const NOTES = [
  'one TCP connection, the client first named; round trips of one byte, the median of 5000; a stream lasts 0.4 s',
  'bridge: in the host, with two namespaces, made by ip commands',
  'ratios and differences are those to the bridge in the same round',
];

function referencesOf({ gateway, members }: PlainBridge): Way[] {
  const [one, other] = members as [Side, Side];
  const host = { address: gateway, path: null };
  return [
    { title: 'bridge: host to namespace', reference: null, isReference: 'host', line: { client: host, server: one } },
    {
      title: 'bridge: namespace to namespace',
      reference: null,
      isReference: 'neighbour',
      line: { client: one, server: other },
    },
  ];
}

/** Of a pool with several hubs: from one hub to another. */
async function waysOf({ client }: DaemonProcess, pool: string, mostMoreUs: number): Promise<Way[]> {
  const { ready } = await client.pool(pool);
  const leases = await client.acquireMany({ pool, count: ready });
  const [first] = leases as [Lease];
  const isAcross = pool === SEVERAL;
  const other = leases.find(
    ({ id, interface: { hub } }) => id !== first.id && (hub !== first.interface.hub) === isAcross,
  );
  if (other === undefined)
    throw new NetnsdError('internal', `pool ${pool} has no two endpoints ${isAcross ? 'in two hubs' : 'in a hub'}`);
  const host = { address: first.addresses[0]?.gateway as string, path: null };
  const [one, two] = [first, other].map(sideOf) as [Side, Side];
  const hubs = isAcross ? 'several hubs' : 'one hub';
  return [
    { title: `netnsd, ${hubs}: host to endpoint`, reference: 'host', mostMoreUs, line: { client: host, server: one } },
    {
      title: `netnsd, ${hubs}: ${isAcross ? 'across hubs' : 'endpoint to endpoint'}`,
      reference: 'neighbour',
      mostMoreUs,
      line: { client: one, server: two },
    },
  ];
}

function sideOf({ addresses, netns }: Lease): Side {
  return { address: addresses[0]?.address.split('/')[0] ?? '', path: netns.path };
}

type Series = ReadonlyMap<Way, readonly Traffic[]>;

function comparedOf(series: Series, way: Way): { throughput: number; moreUs: number } {
  const [, reference = []] =
    [...series].find(([{ isReference }]) => isReference === (way.reference ?? way.isReference)) ?? [];
  const own = series.get(way) ?? [];
  const gigabits = (all: readonly Traffic[]) => all.map((one) => one.gigabits);
  return {
    throughput: medianRatio(gigabits(own), gigabits(reference)),
    moreUs: median(own.map(({ tripUs }, round) => tripUs - (reference[round]?.tripUs ?? Number.NaN))),
  };
}

function tableOf(series: Series): Table {
  const rows = [...series].map(([way, traffic]) => {
    const { throughput, moreUs } = comparedOf(series, way);
    return {
      way: way.title,
      runs: traffic.length,
      'Gbit/s': median(traffic.map(({ gigabits }) => gigabits)),
      'over the bridge': throughput,
      'round trip us': median(traffic.map(({ tripUs }) => tripUs)),
      'us more': moreUs,
    };
  });
  return { title: 'One TCP connection', rows };
}

function claimsOf(series: Series): Claim[] {
  return [...series.keys()].flatMap((way) => {
    if (way.mostMoreUs === undefined) return [];
    const { throughput, moreUs } = comparedOf(series, way);
    return [
      claim({
        name: `${way.title}: throughput`,
        measured: throughput,
        unit: 'of a bridge',
        comparison: 'at least',
        target: LEAST_THROUGHPUT,
      }),
      claim({
        name: `${way.title}: round trip`,
        measured: moreUs,
        unit: 'us more than a bridge',
        comparison: 'at most',
        target: way.mostMoreUs,
      }),
    ];
  });
}
