import type { PoolStatus } from '../../pool/types.js';
import type { PoolDetails } from '../dependencies.js';
import { renderFields, renderTable } from './table.js';

/** A row for each pool, then its present trouble and its newest failure, then how endpoints were recycled. */
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
    ...(trouble === null ? [] : [[`pool ${name}`, `trouble: ${trouble}`] as [string, string]]),
    ...(lastError === null || lastError === trouble
      ? []
      : [[`pool ${name}`, `failed builds: ${buildFailures}, last error: ${lastError}`] as [string, string]]),
  ]);
  return (
    renderTable(heading, rows) + (failures.length === 0 ? '' : `\n${renderFields(failures)}`) + renderRecycled(pools)
  );
}

/** A pool as in the list, then each of its settings by its key. */
export function renderPool({ settings, ...status }: PoolDetails): string {
  const fields = Object.entries(settings ?? {}).map(([key, value]): [string, string | readonly string[]] => [
    key,
    typeof value === 'object' && value !== null ? value : String(value ?? '') || '-',
  ]);
  return renderPools([status]) + (fields.length === 0 ? '' : `\n${renderFields(fields)}`);
}

/** How released endpoints were recycled, a row for each pool that had any. */
function renderRecycled(pools: readonly PoolStatus[]): string {
  const rows = pools
    .filter((pool) => pool.recycledBySeal + pool.recycledByProof + pool.recycledUnchecked + pool.replaced > 0)
    .map((pool) => {
      const reasons = Object.entries(pool.replacedFor).sort(([, a], [, b]) => b - a);
      const [newest] = pool.replacements;
      return [
        pool.name,
        pool.recycledBySeal,
        pool.recycledByProof,
        pool.recycledUnchecked,
        pool.replaced,
        reasons.map(([kind, count]) => `${kind} ${count}`).join(', ') || '-',
        newest === undefined ? '-' : `${newest.endpoint}: ${newest.kind}: ${newest.text}`,
      ];
    });
  if (rows.length === 0) return '';
  return `\n${renderTable(['POOL', 'BY SEAL', 'BY PROOF', 'UNCHECKED', 'REPLACED', 'REASONS', 'NEWEST'], rows)}`;
}
