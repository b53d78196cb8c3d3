import { parseHubName, uplinkName } from '../endpoint/hub/hub-names.js';
import { ownAlias } from '../endpoint/identity.js';
import { LARGEST_SEQ } from '../endpoint/plan.js';
import type { Found } from '../endpoint/thread/thread-protocol.js';
import { type EndpointName, type Site, UNKNOWN_INDEX } from '../endpoint/types.js';

interface Objects extends Pick<Found, 'namespaces'> {
  readonly links: readonly { readonly name: string; readonly alias: string | undefined }[];
}

/** Ids and numbers of endpoints that are accounted for. */
export interface Known {
  readonly ids: ReadonlySet<string>;
  readonly seqs: ReadonlySet<number>;
}

/** The ids and numbers of all these endpoints. */
export function knownOf(names: readonly Pick<EndpointName, 'id' | 'seq'>[]): Known {
  return { ids: new Set(names.map(({ id }) => id)), seqs: new Set(names.map(({ seq }) => seq)) };
}

/**
 * Endpoints behind the links and mounts that bear the instance id. An endpoint's id is `POOL-SEQ`; a mount's name and a
 * link's alias hold it. A build that was cut short leaves a link without an alias, which is found by the number in its name.
 */
export function namesOf(site: Site, { links, namespaces }: Objects): EndpointName[] {
  const names = new Map<string, EndpointName>();
  const add = (id: string): void => {
    const [, pool, digits] = /^(.+)-(\d+)$/.exec(id) ?? [];
    if (pool !== undefined) names.set(id, { id, pool, index: UNKNOWN_INDEX, seq: Number(digits) });
  };
  for (const [id] of namespaces) add(id);
  for (const { name, alias } of links)
    add(ownAlias(site, alias) ?? `unmarked-${Number.parseInt(name.slice(name.indexOf('-') + 1), 36)}`);
  return [...names.values()];
}

/**
 * What has no record at a start. A mount can be given any name: one that bears the number of a known endpoint is removed
 * without that endpoint's link, by the number 0, which no endpoint has.
 */
export function straysAtStart(site: Site, found: Objects, known: Known): EndpointName[] {
  return namesOf(site, found)
    .filter(({ id }) => !known.ids.has(id))
    .map((stray) => (known.seqs.has(stray.seq) ? { ...stray, seq: 0 } : stray));
}

/**
 * What belongs to no endpoint while the daemon runs. `known` has the endpoints from before the survey and from after it, since
 * endpoints are built and destroyed meanwhile. The number 0 is that of the reference endpoint, which is built only to be read.
 */
export function straysWhileRunning(site: Site, found: Objects, known: Known): EndpointName[] {
  return namesOf(site, found).filter(({ id, seq }) => seq !== 0 && !known.ids.has(id) && !known.seqs.has(seq));
}

/** Names of hubs, and of links in the host, that belong to none of these pools. */
export interface StaleNetwork {
  readonly hubs: readonly string[];
  readonly links: readonly string[];
}

export function staleNetwork(
  site: Site,
  { hubs, uplinks }: Pick<Found, 'hubs' | 'uplinks'>,
  pools: readonly string[],
): StaleNetwork {
  const wanted = new Set(pools);
  const uplinkNames = new Set(pools.map((pool) => uplinkName(site, pool)));
  return {
    hubs: hubs.filter((name) => !wanted.has(parseHubName(name)?.pool ?? '')),
    // Bridges of an earlier version have a number behind their pool's name.
    links: uplinks.map(({ name }) => name).filter((name) => !uplinkNames.has(name.split('.')[0] ?? '')),
  };
}

/** The greatest number of an object of this site, of those that an endpoint can have; 0: there is none. */
export function highestSeq(site: Site, found: Objects): number {
  const seqs = namesOf(site, found).map(({ seq }) => seq);
  return seqs.filter((seq) => seq <= LARGEST_SEQ).reduce((highest, seq) => Math.max(highest, seq), 0);
}
