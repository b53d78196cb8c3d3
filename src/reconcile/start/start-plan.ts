import { formatSubnet, parseIpv4, parseSubnet, subnetContains, subnetOfAddress } from '../../address/ipv4.js';
import { formatSubnet6, subnet6OfAddress } from '../../address/ipv6.js';
import { factsOf, planEndpoint } from '../../endpoint/plan.js';
import type { Found } from '../../endpoint/thread/thread-protocol.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Site } from '../../endpoint/types.js';
import type { EndpointRecord } from '../../pool/types.js';
import { decide, type Observation } from '../decide.js';
import { knownOf, type StaleNetwork, staleNetwork, straysAtStart } from '../strays.js';
import { SurveyIndex } from '../survey.js';
import { indexOf } from './recover.js';

/** Nothing is added to these. */
const ENDPOINTS_PER_HUB = 1000;

/** What a start is to do with what it found. */
export interface StartPlan {
  /** What the pools take over: endpoints to go on with, and others (state `dirty`) that they are to destroy. */
  readonly adopted: readonly EndpointRecord[];
  /** Kernel objects without a record, and endpoints of pools that are no longer configured: to be destroyed now. */
  readonly strays: readonly EndpointName[];
  /** Of pools that are no longer configured and have no leased endpoint left. */
  readonly stale: StaleNetwork;
  /** Of those taken over: what stands although its pool is no longer configured. */
  readonly orphans: readonly EndpointRecord[];
  /** The networks of these pools. */
  readonly retired: readonly NetworkSettings[];
  /** Without a record and in use, in a way that no record can be made of: left alone. */
  readonly spared: readonly EndpointName[];
}

export interface StartSurvey {
  readonly site: Site;
  readonly networks: readonly NetworkSettings[];
  readonly records: readonly EndpointRecord[];
  readonly found: Found;
  /** Process ids by namespace inode. */
  readonly users: ReadonlyMap<number, readonly number[]>;
}

/** Plans a start from what the records say, the kernel holds and the processes use. Pure. */
export function planStart(survey: StartSurvey): StartPlan {
  const { site, networks, records, found } = survey;
  const index = new SurveyIndex(site, survey);
  const configured = new Map(networks.map((network) => [network.name, network]));
  const adopted: EndpointRecord[] = [];
  const removed: EndpointRecord[] = [];
  const orphans: EndpointRecord[] = [];
  for (const record of records) {
    const pool = poolOf(record, site, configured.get(record.pool));
    const decision = decide(record, { ...index.of(record), pool, attended: false, lacking: null, use: 'unchanged' });
    if (decision.act === 'destroy') {
      removed.push(record);
      continue;
    }
    const isReplaced = decision.act === 'replace' || decision.act === 'release';
    // What is to be reported is kept here: the reconcile that follows at once reports it.
    const kept = isReplaced ? toReplace(record, decision.problem) : atItsAddress(record, configured.get(record.pool));
    adopted.push(kept);
    if (pool === 'removed') orphans.push(kept);
  }
  const retired = retiredNetworks(orphans);
  const strays = straysAtStart(site, found, knownOf(records));
  const inUse = new Set(strays.filter((stray) => index.isInUse(stray)));
  const pools = [...[...networks, ...retired].map(({ name }) => name), ...Array.from(inUse, ({ pool }) => pool)];
  return {
    adopted,
    strays: [...strays.filter((stray) => !inUse.has(stray)), ...removed],
    stale: staleNetwork(site, found, pools),
    orphans,
    retired,
    spared: [...inUse],
  };
}

/** An address of an earlier subnet may lie in the present one too: no other endpoint gets it there. */
function atItsAddress(record: EndpointRecord, network: NetworkSettings | undefined): EndpointRecord {
  const address = record.facts?.addresses[0]?.address;
  if (network === undefined || address === undefined) return record;
  const subnet = parseSubnet(network.subnet);
  if (!subnetContains(subnet, parseIpv4(address.split('/')[0] as string))) return record;
  const index = indexOf(address, subnet);
  return index === record.index || index < 0 ? record : { ...record, index };
}

/** What the pool of each was when it was configured, as far as its endpoints tell. */
function retiredNetworks(orphans: readonly EndpointRecord[]): NetworkSettings[] {
  const networks = new Map<string, NetworkSettings>();
  for (const { pool, facts } of orphans) {
    const address = facts?.addresses[0]?.address;
    if (facts === null || address === undefined || networks.has(pool)) continue;
    const { dns, interface: link } = facts;
    const subnet = formatSubnet(subnetOfAddress(address));
    const ipv6 = facts.addresses.slice(1).map((own) => ({ subnet6: formatSubnet6(subnet6OfAddress(own.address)) }))[0];
    const rest = { mtuBytes: link.mtu, max: 0, endpointsPerHub: ENDPOINTS_PER_HUB, dns };
    networks.set(pool, { name: pool, subnet, ...ipv6, ...rest });
  }
  return [...networks.values()];
}

function poolOf(record: EndpointRecord, site: Site, network: NetworkSettings | undefined): Observation['pool'] {
  if (network === undefined) return 'removed';
  if (record.state !== 'ready') return 'unchanged';
  const plan = planEndpoint(site, network, record);
  const { facts } = record;
  if (facts === null) return 'changed';
  const planned = factsOf(plan, { netns: facts.netns, hub: '' }, network.dns);
  return networkText(facts) === networkText(planned) ? 'unchanged' : 'changed';
}

/** What an endpoint was built with. */
function networkText({ addresses, routes, publishedPorts, sysctls, interface: link }: EndpointFacts): string {
  const { name, mtu, rateIn, rateOut } = link;
  return JSON.stringify([addresses, routes, publishedPorts, sysctls, { name, mtu, rateIn, rateOut }]);
}

/** The tenant stays in the record: the address of the endpoint cools down before another tenant gets it. */
function toReplace(record: EndpointRecord, reason: string): EndpointRecord {
  return { ...record, state: 'dirty', lease: null, tenant: record.lease?.tenant ?? record.tenant, reason };
}
