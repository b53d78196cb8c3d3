import { planEndpoint } from '../endpoint/plan.js';
import type { Found } from '../endpoint/thread/thread-protocol.js';
import type { EndpointName, NetworkSettings, Site } from '../endpoint/types.js';
import type { EndpointRecord } from '../pool/types.js';
import { decide, type Observation } from './decide.js';
import { knownOf, type StaleNetwork, staleNetwork, straysAtStart } from './strays.js';
import { SurveyIndex } from './survey.js';

/** What a start is to do with what it found. */
export interface StartPlan {
  /** What the pools take over: endpoints to go on with, and others (state `dirty`) that they are to destroy. */
  readonly adopted: readonly EndpointRecord[];
  /** Kernel objects without a record, and endpoints of pools that are no longer configured: to be destroyed now. */
  readonly strays: readonly EndpointName[];
  /** Of pools that are no longer configured and have no leased endpoint left. */
  readonly stale: StaleNetwork;
  /** Leases that stay although their pool is no longer configured. */
  readonly orphans: readonly EndpointRecord[];
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
    if (decision.act === 'orphan') orphans.push(record);
    else if (decision.act === 'destroy') removed.push(record);
    else if (decision.act === 'replace' || decision.act === 'release')
      adopted.push(toReplace(record, decision.problem));
    // What is to be reported is kept here: the reconcile that follows at once reports it.
    else adopted.push(record);
  }
  const pools = [...networks.map(({ name }) => name), ...orphans.map(({ pool }) => pool)];
  return {
    adopted,
    strays: [...straysAtStart(site, found, knownOf(records)), ...removed],
    stale: staleNetwork(site, found, pools),
    orphans,
  };
}

function poolOf(record: EndpointRecord, site: Site, network: NetworkSettings | undefined): Observation['pool'] {
  if (network === undefined) return 'removed';
  if (record.state !== 'ready') return 'unchanged';
  const { address, prefixLength, mtuBytes } = planEndpoint(site, network, record);
  const fits = record.facts?.addresses[0]?.address === `${address.join('.')}/${prefixLength}`;
  return fits && record.facts?.interface.mtu === mtuBytes ? 'unchanged' : 'changed';
}

/** The tenant stays in the record: the address of the endpoint cools down before another tenant gets it. */
function toReplace(record: EndpointRecord, reason: string): EndpointRecord {
  return { ...record, state: 'dirty', lease: null, tenant: record.lease?.tenant ?? record.tenant, reason };
}
