import { parseSubnet, subnetOfAddress, subnetsOverlap } from '../../address/ipv4.js';
import { parseSubnet6, subnet6OfAddress } from '../../address/ipv6.js';
import { rangesOverlap } from '../../address/range.js';
import type { Inhabited } from '../../endpoint/network/describe.js';
import type { AdoptedEndpoint, Found } from '../../endpoint/thread/thread-protocol.js';
import type { EndpointName, Settled, Site } from '../../endpoint/types.js';
import { NetnsdError } from '../../errors.js';
import type { EndpointRecord, Records } from '../../pool/types.js';
import { destroyStrays } from '../destroy-strays.js';
import { knownOf, namesOf, type StaleNetwork } from '../strays.js';
import { processesToAsk, recoverRecords } from './recover.js';
import type { StartPlan } from './start-plan.js';
import { writeDecisions } from './write-decisions.js';

/** How many containers a message names. */
const SHOWN = 5;

interface StartKernel {
  destroy(names: readonly EndpointName[]): Promise<Settled<void>[]>;
  removeStale(stale: StaleNetwork): Promise<string[]>;
  adopt(endpoints: readonly AdoptedEndpoint[]): Promise<unknown>;
}

interface CarryOutOptions {
  /** The records that the plan is about. */
  readonly records: readonly EndpointRecord[];
  readonly files: Pick<Records, 'write' | 'remove'>;
  readonly kernel: StartKernel;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

interface SurveyOptions {
  readonly site: Site;
  readonly kernel: {
    inventory(): Promise<Found>;
    describe(pids: readonly number[]): Promise<Inhabited[]>;
    pathOf(name: EndpointName): string;
  };
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  /** Inode of the host's own network namespace. */
  readonly hostInode: number;
  /** Called when the kernel has been asked: meanwhile the socket answers who asks whether the daemon starts. */
  readonly readRecords: () => readonly EndpointRecord[];
  readonly newLeaseId: () => string;
}

/**
 * What a start reads: see `planStart`; and records for endpoints that are in use and have none. Rejects with
 * worker_failed and kernel_error.
 */
export async function surveyStart(options: SurveyOptions): Promise<{
  readonly records: readonly EndpointRecord[];
  readonly found: Found;
  readonly users: ReadonlyMap<number, readonly number[]>;
  readonly recovered: readonly EndpointRecord[];
}> {
  const { site, kernel, newLeaseId } = options;
  const found = await kernel.inventory();
  const records = options.readRecords();
  const users = options.users();
  const known = knownOf(records);
  const strays = namesOf(site, found).filter(({ id, seq }) => !known.ids.has(id) && !known.seqs.has(seq));
  const pids = processesToAsk({ strays, records, users, hostInode: options.hostInode });
  const inhabited = pids.length === 0 ? [] : await kernel.describe(pids);
  const pathOf = (name: EndpointName): string => kernel.pathOf(name);
  const now = new Date();
  const recovered = recoverRecords({ site, strays, found, inhabited, pathOf, newLeaseId, now });
  return { records, found, users, recovered };
}

/**
 * Throws `subnet_overlap`, with the names of containers, where the subnet of a pool is that of active leases of another pool: both
 * would be given the same addresses, on two bridges.
 */
export function refuseTaken(
  leased: readonly EndpointRecord[],
  pools: readonly { name: string; subnet: string; subnet6?: string | null }[],
): void {
  const subnets = pools.flatMap(({ name, subnet, subnet6 }) =>
    [subnet, ...(subnet6 == null ? [] : [subnet6])].map((one) => ({ name, subnet: one })),
  );
  for (const { name, subnet } of subnets) {
    const active = leased.filter(
      ({ pool, facts }) => pool !== name && facts?.addresses.some(({ address }) => isOf(subnet, address)),
    );
    const [first] = active;
    if (first === undefined) continue;
    const shown = active.slice(0, SHOWN).map(({ id, lease }) => lease?.containerId ?? lease?.id ?? id);
    const more = active.length > SHOWN ? ` and ${active.length - SHOWN} more` : '';
    throw new NetnsdError(
      'subnet_overlap',
      `subnet ${subnet} of pool ${name} is in use by active leases of pool ${first.pool}: ${shown.join(', ')}${more}; choose another subnet, or keep pool ${first.pool} until they are released`,
      { details: { pool: name, subnet, leases: active.map(({ lease }) => lease?.id ?? null) } },
    );
  }
}

/** Whether the subnet shares addresses with that of an address in CIDR notation. */
function isOf(subnet: string, address: string): boolean {
  if (subnet.includes(':') !== address.includes(':')) return false;
  return subnet.includes(':')
    ? rangesOverlap(parseSubnet6(subnet), subnet6OfAddress(address))
    : subnetsOverlap(parseSubnet(subnet), subnetOfAddress(address));
}

/**
 * Carries out the plan of a start, before the pools start: removes what has no owner, counts what they take over, and writes
 * the records that have changed. What cannot be removed is logged, and found again by the next start. Rejects with worker_failed
 * and kernel_error.
 */
export async function carryOutStart(plan: StartPlan, options: CarryOutOptions): Promise<void> {
  const { records, kernel, files, log } = options;
  for (const { id, pool, lease } of plan.orphans) {
    const details = { endpoint: id, pool, lease: lease?.id ?? null, containerId: lease?.containerId ?? null };
    log.warn(
      details,
      'the pool of an endpoint in use is no longer configured; it is kept until it is released and empty',
    );
  }
  for (const { id } of plan.spared)
    log.warn({ endpoint: id }, 'an endpoint without a record is in use; it is left alone until it is empty');
  await removeStrays(plan.strays, options);
  for (const link of await kernel.removeStale(plan.stale))
    log.warn({ link }, 'failed to delete a link of a pool that is no longer configured');
  await kernel.adopt(plan.adopted);
  writeDecisions({
    records: files,
    found: records,
    adopted: plan.adopted,
    failed: ({ id, state }, err) => log.warn({ err, endpoint: id, state }, 'failed to write a record'),
  });
}

async function removeStrays(strays: readonly EndpointName[], options: CarryOutOptions): Promise<void> {
  const { records, kernel, files, log } = options;
  if (strays.length > 0) log.info({ count: strays.length }, 'removing endpoints without a record or a pool');
  const outcomes = await destroyStrays(kernel, strays);
  for (const [position, { id }] of strays.entries()) {
    const outcome = outcomes[position];
    const record = records.find((one) => one.id === id);
    if (outcome?.ok === false) log.warn({ err: outcome.error, endpoint: id }, 'failed to destroy a stray endpoint');
    else if (record !== undefined) files.remove(record, record.state);
  }
}
