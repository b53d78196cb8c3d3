import type { Lease, PoolStatus } from '../pool/types.js';
import { renderFields, renderSeconds, renderTable } from './table.js';

function addresses(lease: Lease): string {
  return lease.addresses.map(({ address }) => address).join(',');
}

function gateways(lease: Lease): string {
  return [...new Set(lease.addresses.map(({ gateway }) => gateway))].join(',');
}

/** New leases: what a caller needs to start a container. */
export function renderNewLeases(leases: readonly Lease[]): string {
  const rows = leases.map((lease) => [lease.id, lease.netns.path, addresses(lease), gateways(lease), lease.source]);
  return renderTable(['LEASE', 'PATH', 'ADDRESS', 'GATEWAY', 'SOURCE'], rows);
}

/** Standing leases: who holds what, and since when. */
export function renderLeases(leases: readonly Lease[], nowMs: number): string {
  const rows = leases.map((lease) => [
    lease.id,
    lease.pool,
    lease.containerId ?? '-',
    lease.tenant,
    lease.source,
    addresses(lease),
    lease.netns.path,
    renderSeconds((nowMs - Date.parse(lease.acquiredAt)) / 1000),
  ]);
  return renderTable(['LEASE', 'POOL', 'CONTAINER', 'TENANT', 'SOURCE', 'ADDRESS', 'PATH', 'AGE'], rows);
}

/** Everything about one lease. */
export function renderLease(lease: Lease): string {
  return renderFields([
    ['lease', lease.id],
    ['pool', lease.pool],
    ['container', lease.containerId ?? '-'],
    ['tenant', lease.tenant],
    ['trust', lease.trust],
    ['source', lease.source],
    ['acquired', lease.acquiredAt],
    ['expires', lease.expiresAt ?? 'never'],
    ...processFields(lease),
    ['namespace', lease.netns.path],
    ['inode', lease.netns.inode],
    ...graftFields(lease),
    ['interface', `${lease.interface.name}, MAC ${lease.interface.mac}, MTU ${lease.interface.mtu}`],
    ['host link', lease.interface.hostName],
    ['addresses', lease.addresses.map(({ address, gateway }) => `${address}, gateway ${gateway}`)],
    ['routes', lease.routes.map(({ destination, gateway }) => `${destination} via ${gateway}`)],
    [
      'published',
      lease.publishedPorts.map(
        (port) => `${port.hostAddress}:${port.hostPort} -> ${port.containerPort}/${port.protocol}`,
      ),
    ],
    ['dns servers', lease.dns.servers],
    ['dns search', lease.dns.search],
    ['dns options', lease.dns.options],
  ]);
}

function processFields({ process }: Lease): [string, string][] {
  return process === undefined ? [] : [['ends with', `process ${process.pid}`]];
}

function graftFields({ graft }: Lease): [string, string][] {
  return graft === undefined ? [] : [['grafted into', `namespace ${graft.inode}, of process ${graft.pid}`]];
}

/** One row a pool, and below them what troubles each, and the newest failure of each that had one. */
export function renderPools(pools: readonly PoolStatus[]): string {
  const heading = [
    'POOL',
    'SUBNET',
    'READY',
    'LEASED',
    'DIRTY',
    'BUILDING',
    'BROKEN',
    'MIN_READY',
    'TARGET',
    'MAX',
    'WARM',
    'COLD',
  ];
  const rows = pools.map((pool) => [
    pool.name,
    pool.subnet,
    pool.ready,
    pool.leased,
    pool.dirty,
    pool.building,
    pool.broken,
    pool.minReady,
    pool.target,
    pool.max,
    pool.acquiredWarm,
    pool.acquiredCold,
  ]);
  const failures = pools.flatMap(({ name, buildFailures, lastError, trouble }): [string, string][] => [
    ...(trouble === null ? [] : [[`pool ${name}`, `in trouble: ${trouble}`] as [string, string]]),
    ...(lastError === null || lastError === trouble
      ? []
      : [[`pool ${name}`, `${buildFailures} failed builds, the newest: ${lastError}`] as [string, string]]),
  ]);
  return (
    renderTable(heading, rows) + (failures.length === 0 ? '' : `\n${renderFields(failures)}`) + renderRecycled(pools)
  );
}

/** What became of released endpoints, a line a pool that had any. */
function renderRecycled(pools: readonly PoolStatus[]): string {
  const rows = pools
    .filter((pool) => pool.recycledBySeal + pool.recycledByProof + pool.recycledUnseen + pool.replaced > 0)
    .map((pool) => {
      const reasons = Object.entries(pool.replacedFor).sort(([, a], [, b]) => b - a);
      const [newest] = pool.replacements;
      return [
        pool.name,
        pool.recycledBySeal,
        pool.recycledByProof,
        pool.recycledUnseen,
        pool.replaced,
        reasons.map(([kind, count]) => `${kind} ${count}`).join(', ') || '-',
        newest === undefined ? '-' : `${newest.endpoint}: ${newest.kind}: ${newest.text}`,
      ];
    });
  if (rows.length === 0) return '';
  return `\n${renderTable(['POOL', 'SEALED', 'PROVEN', 'UNSEEN', 'REPLACED', 'BECAUSE OF', 'NEWEST'], rows)}`;
}
