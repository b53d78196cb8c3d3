import type { Family } from '../host-rules.js';

/** How many connections a container may have open, and may open in a second; null: no limit. */
export interface ConnectionLimits {
  readonly maxConnections: number | null;
  readonly maxConnectionsPerSecond: number | null;
}

type Names = Pick<Family, 'suffix' | 'type'>;

/** By address of a container: the connections that it has, and how fast it opens them. An element is there while it is of use. */
const [COUNTED, METERED] = ['connections', 'openings'];
/** Elements are as many as containers that have connections; a set without a size has room for 65 535. */
const ROOM = 'size 1000000';
/** Longer than it takes to have the tokens of a second again. */
const FORGET_AFTER = 'timeout 10s';

export function isLimited({ maxConnections, maxConnectionsPerSecond }: ConnectionLimits): boolean {
  return maxConnections !== null || maxConnectionsPerSecond !== null;
}

/** The sets of one family that the limits of these pools need, whatever the number of pools. */
export function limitSets(pools: readonly ConnectionLimits[], { suffix, type }: Names): string[] {
  const counted = pools.some(({ maxConnections }) => maxConnections !== null);
  const metered = pools.some(({ maxConnectionsPerSecond }) => maxConnectionsPerSecond !== null);
  return [
    ...(counted ? [`  set ${COUNTED}${suffix} { type ${type}; ${ROOM}; flags dynamic; }`] : []),
    ...(metered
      ? [`  set ${METERED}${suffix} { type ${type}; ${ROOM}; flags dynamic,timeout; ${FORGET_AFTER}; }`]
      : []),
  ];
}

/**
 * Refuses what would be one connection too many. The first packet of a connection is one whose connection is not confirmed: with
 * `ct state new`, all packets of UDP that are not answered would count. What is refused is not tracked any more (nf_conntrack_confirm runs
 * behind this), so a container cannot fill the host's table of connections.
 */
export function limitRules(
  { maxConnections: most, maxConnectionsPerSecond: perSecond }: ConnectionLimits,
  uplink: string,
  { ip, suffix, refuse }: Pick<Family, 'ip' | 'suffix' | 'refuse'>,
): string[] {
  const opens = `iifname "${uplink}" ct status & confirmed == 0`;
  const address = `${ip} saddr`;
  const rate = `limit rate over ${perSecond}/second burst ${perSecond} packets`;
  return [
    ...(perSecond === null ? [] : [`${opens} update @${METERED}${suffix} { ${address} ${rate} } ${refuse}`]),
    ...(most === null ? [] : [`${opens} add @${COUNTED}${suffix} { ${address} ct count over ${most} } ${refuse}`]),
  ];
}
