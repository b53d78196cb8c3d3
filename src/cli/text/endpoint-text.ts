import type { EndpointStatus } from '../../pool/events/endpoint-status.js';
import { renderEvent } from './event-text.js';
import { renderFields } from './table.js';

/** Everything about one endpoint. */
export function renderEndpoint(endpoint: EndpointStatus): string {
  const { id, pool, state, tenant, lease, reason, netns, interface: link, addresses, replaced, events } = endpoint;
  return renderFields([
    ['endpoint', id],
    ['pool', pool],
    ['state', state],
    ['tenant', tenant ?? '-'],
    ['lease', lease ?? '-'],
    ['reason', reason ?? '-'],
    ['replaced', replaced === undefined ? 'no' : `${replaced.time}  ${replaced.kind}: ${replaced.text}`],
    ['namespace', netns?.path ?? '-'],
    ['inode', netns?.inode ?? '-'],
    ['interface', link === undefined ? '-' : `${link.name}, MAC ${link.mac}, MTU ${link.mtu}`],
    ['host link', link?.hostName ?? '-'],
    ['addresses', (addresses ?? []).map(({ address, gateway }) => `${address}, gateway ${gateway}`)],
    ['events', events.map(renderEvent)],
  ]);
}
