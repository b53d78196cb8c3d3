import { aliasOf, bridgeName, hostLinkName, planEndpoint } from '../endpoint/plan.js';
import type { Found } from '../endpoint/thread/thread-protocol.js';
import { type EndpointName, type NetworkSettings, type Site, UNKNOWN_INDEX } from '../endpoint/types.js';
import { isPathOfItsOwn } from '../kernel/netns/lease-paths.js';
import type { EndpointRecord } from '../pool/types.js';
import { isGraftInUse } from './graft-users.js';

export interface Comparison {
  /** What the pools take over: endpoints to go on with, and others (state `dirty`) to be destroyed by them. */
  readonly adopted: EndpointRecord[];
  /** Kernel objects with the site's mark that no record speaks of. */
  readonly strays: EndpointName[];
  /** Bridges of pools that are no longer configured and that no leased endpoint hangs on. */
  readonly staleBridges: string[];
  /** Records of leases that stay although their pool is no longer configured. */
  readonly orphans: EndpointRecord[];
}

export interface ComparisonInput {
  readonly site: Site;
  readonly networks: readonly NetworkSettings[];
  readonly records: readonly EndpointRecord[];
  readonly found: Found;
  /** Process ids by namespace inode. */
  readonly users: ReadonlyMap<number, readonly number[]>;
}

/**
 * Compares what the records say with what the kernel holds and who uses it; pure. The cases are the table in
 * docs/reconcile.md, one row a return statement of `judge`.
 */
export function compare(input: ComparisonInput): Comparison {
  const { site, networks, records, found } = input;
  const configured = new Map(networks.map((network) => [network.name, network]));
  const adopted: EndpointRecord[] = [];
  const orphans: EndpointRecord[] = [];
  for (const record of records) {
    const verdict = judge(record, input, configured.get(record.pool));
    if (verdict === 'orphan') orphans.push(record);
    else if (verdict === 'keep') adopted.push(record);
    else if (configured.has(record.pool)) adopted.push(toReplace(record, verdict));
  }
  const known = new Set(records.map(({ id }) => id));
  const numbers = new Set(records.map(({ seq }) => seq));
  // A mount may be named by anybody: one that bears the number of an endpoint must not take that one's link along. No
  // endpoint has the number 0.
  const strays = strayNames(site, found)
    .filter(({ id }) => !known.has(id))
    .map((stray) => (numbers.has(stray.seq) ? { ...stray, seq: 0 } : stray));
  // A record of an unconfigured pool that is not in use has no pool to destroy it: it goes with the strays.
  const gone = records.filter((record) => !configured.has(record.pool) && !orphans.includes(record));
  return { adopted, strays: [...strays, ...gone], staleBridges: staleBridges(input, orphans), orphans };
}

/** Who holds it or has held it stays known: its address is to rest. */
function toReplace(record: EndpointRecord, reason: string): EndpointRecord {
  return { ...record, state: 'dirty', lease: null, tenant: record.lease?.tenant ?? record.tenant, reason };
}

/** `keep`, `orphan`, or why the endpoint is to be replaced. */
function judge(
  record: EndpointRecord,
  { site, found, users }: ComparisonInput,
  network: NetworkSettings | undefined,
): string {
  const inode = record.facts?.netns.inode;
  const mounted = found.namespaces.some(([id, held]) => id === record.id && held !== undefined && held === inode);
  const linked = found.links.some(({ name }) => name === hostLinkName(site, record.seq));
  const inside = inode === undefined ? [] : (users.get(inode) ?? []);
  if (record.state === 'leased') {
    const graft = record.lease?.graft;
    if (graft !== undefined && !isGraftInUse({ graft, linked, users })) return 'the grafted container is gone';
    if (graft === undefined && !mounted && inside.length === 0) return 'the leased namespace is gone';
    return network === undefined ? 'orphan' : 'keep';
  }
  if (record.state !== 'ready') return record.reason ?? `it was ${record.state} when the daemon ended`;
  if (network === undefined) return 'its pool is no longer configured';
  if (!mounted) return 'its namespace is not mounted any more';
  if (!isPathOfItsOwn(record.facts?.netns.path ?? '')) return 'it is of version 0.1';
  if (!linked) return 'its link at the host is gone';
  if (inside.length > 0) return `process ${inside[0]} is inside although nobody leased it`;
  const plan = planEndpoint(site, network, record);
  const fits = record.facts?.addresses[0]?.address === `${plan.address.join('.')}/${plan.prefixLength}`;
  if (!fits || record.facts?.interface.mtu !== plan.mtuBytes) return "its pool's configuration has changed";
  return 'keep';
}

/** Names of endpoints behind links and mounts; an id is `POOL-SEQ`, and a link's alias holds it. */
export function strayNames(site: Site, { links, namespaces }: Found): EndpointName[] {
  const strays = new Map<string, EndpointName>();
  const add = (id: string) => {
    const [, pool, digits] = /^(.+)-(\d+)$/.exec(id) ?? [];
    if (pool === undefined) return;
    strays.set(id, { id, pool, index: UNKNOWN_INDEX, seq: Number(digits) });
  };
  for (const [id] of namespaces) add(id);
  for (const { name, alias } of links) {
    const marked = alias?.startsWith(aliasOf(site, '')) ? alias.slice(aliasOf(site, '').length) : undefined;
    // A build that was cut short before the link had its alias: the number in its name is enough to find it again.
    add(marked ?? `unmarked-${Number.parseInt(name.slice(name.indexOf('-') + 1), 36)}`);
  }
  return [...strays.values()];
}

function staleBridges({ site, networks, found }: ComparisonInput, orphans: readonly EndpointRecord[]): string[] {
  const inUse = new Set([...networks.map(({ name }) => name), ...orphans.map(({ pool }) => pool)]);
  const prefixes = [...inUse].map((pool) => bridgeName(site, pool, 0).slice(0, -1));
  return found.bridges.map(({ name }) => name).filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
}

/** The largest number that any endpoint of this site has had, so that no name is used twice. */
export function highestSeq(site: Site, records: readonly EndpointRecord[], found: Found): number {
  const seqs = [...records, ...strayNames(site, found)].map(({ seq }) => seq).filter(Number.isSafeInteger);
  return seqs.reduce((highest, seq) => Math.max(highest, seq), 0);
}
