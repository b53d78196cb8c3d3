import { isIPv6 } from 'node:net';
import type { Lease } from '../../pool/types.js';
import { otherEnd } from './endpoint-text.js';
import { renderFields, renderSeconds, renderTable } from './table.js';

function addresses(lease: Lease): string {
  return lease.addresses.map(({ address }) => address).join(',');
}

function gateways(lease: Lease): string {
  return [...new Set(lease.addresses.map(({ gateway }) => gateway))].join(',');
}

/** New leases: what is needed to start a container. */
export function renderNewLeases(leases: readonly Lease[]): string {
  const rows = leases.map((lease) => [lease.id, lease.netns.path, addresses(lease), gateways(lease), lease.source]);
  return renderTable(['LEASE', 'PATH', 'ADDRESS', 'GATEWAY', 'SOURCE'], rows);
}

/** Leases, their containers and their age; how they were delivered where netnsd-cni made one. */
export function renderLeases(leases: readonly Lease[], nowMs: number): string {
  const attached = leases.some(({ attachment }) => attachment !== undefined);
  const rows = leases.map((lease) => [
    lease.id,
    lease.pool,
    lease.containerId ?? '-',
    lease.tenant,
    lease.source,
    ...(attached ? [lease.attachment?.delivery ?? '-'] : []),
    addresses(lease),
    lease.netns.path,
    renderSeconds((nowMs - Date.parse(lease.acquiredAt)) / 1000),
  ]);
  return renderTable(
    ['LEASE', 'POOL', 'CONTAINER', 'TENANT', 'SOURCE', ...(attached ? ['DELIVERY'] : []), 'ADDRESS', 'PATH', 'AGE'],
    rows,
  );
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
    ...attachmentFields(lease),
    ['interface', `${lease.interface.name}, MAC ${lease.interface.mac}, MTU ${lease.interface.mtu}`],
    ['other end', otherEnd(lease.interface)],
    ['addresses', lease.addresses.map(({ address, gateway }) => `${address}, gateway ${gateway}`)],
    ['routes', lease.routes.map(({ destination, gateway }) => `${destination} via ${gateway}`)],
    [
      'published',
      lease.publishedPorts.map(
        ({ hostAddress, hostPort, containerPort, protocol }) =>
          `${isIPv6(hostAddress) ? `[${hostAddress}]` : hostAddress}:${hostPort} -> ${containerPort}/${protocol}`,
      ),
    ],
    ...sysctlFields(lease),
    ['dns servers', lease.dns.servers],
    ['dns search', lease.dns.search],
    ['dns options', lease.dns.options],
  ]);
}

function sysctlFields({ sysctls }: Lease): [string, string[]][] {
  return sysctls === undefined
    ? []
    : [['sysctls', Object.entries(sysctls).map(([name, value]) => `${name} = ${value}`)]];
}

function processFields({ process }: Lease): [string, string][] {
  return process === undefined ? [] : [['ends with process', `${process.pid}`]];
}

function graftFields({ graft }: Lease): [string, string][] {
  return graft === undefined ? [] : [['grafted into', `namespace ${graft.inode} of process ${graft.pid}`]];
}

function attachmentFields({ attachment }: Lease): [string, string][] {
  if (attachment === undefined) return [];
  const { delivery, network, ifname, target } = attachment;
  return [['delivered', `by ${delivery}, as ${ifname} of network ${network}, to ${target}`]];
}
