import type { EndpointStatus } from '../../pool/events/endpoint-status.js';
import { renderEvent } from './event-text.js';
import { renderFields } from './table.js';

/** Where the other end of an endpoint's interface is: `nddf5c-2 in hub:default.0`, as `netnsd enter` calls it. */
export function otherEnd({ hostName, hub }: { readonly hostName: string; readonly hub?: string | undefined }): string {
  return hub === undefined ? hostName : `${hostName} in hub:${hub}`;
}

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
    ['other end', link === undefined ? '-' : otherEnd(link)],
    ['addresses', (addresses ?? []).map(({ address, gateway }) => `${address}, gateway ${gateway}`)],
    ['events', events.map(renderEvent)],
  ]);
}
