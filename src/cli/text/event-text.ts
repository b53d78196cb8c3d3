import type { PoolEvent } from '../../pool/service.js';
import { printable } from './table.js';

/** One event, on one line. */
export function renderEvent(event: PoolEvent): string {
  const { time, type, endpoint, lease, containerId, reason } = event;
  const rest = [lease && `lease ${lease}`, containerId && `container ${containerId}`, reason && `(${reason})`];
  return printable([time, type.padEnd('build_failed'.length), endpoint, ...rest.filter(Boolean)].join('  '));
}
