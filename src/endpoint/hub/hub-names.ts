import { shortHash } from '../identity.js';
import type { Site } from '../types.js';

/** The hub in which the other hubs of a pool meet, and which has the uplink to the host. */
export const ROOT = 'root';
/** Names of links inside a hub. */
export const HUB_BRIDGE = 'bridge';
export const HUB_UPLINK = 'uplink';

/** A hub's place among those of its pool. */
export type HubPlace = number | typeof ROOT;

/** `POOL.N` or `POOL.root`: what its namespace is mounted as, and what it is called in `netnsd enter hub:POOL.N`. */
export function hubName(pool: string, place: HubPlace): string {
  return `${pool}.${place}`;
}

/** The inverse of `hubName`; undefined for what no hub is called. */
export function parseHubName(name: string): { readonly pool: string; readonly place: HubPlace } | undefined {
  const [, pool, place] = /^(.+)\.(\d+|root)$/.exec(name) ?? [];
  if (pool === undefined) return undefined;
  return { pool, place: place === ROOT ? ROOT : Number(place) };
}

/** The end of a hub's uplink inside the root hub. */
export function rootPortName(place: number): string {
  return `hub${place}`;
}

/** `nbINSTANCE-XXXX`, XXXX for the pool: the end of a pool's uplink in the host, which has the gateway's address. */
export function uplinkName(site: Pick<Site, 'instanceId'>, pool: string): string {
  return `${uplinkPrefix(site)}${shortHash(pool)}`;
}

/** Of every link of the site in the host; bridges of earlier versions too, which were named `nbINSTANCE-XXXX.N`. */
export function uplinkPrefix(site: Pick<Site, 'instanceId'>): string {
  return `nb${site.instanceId}-`;
}
