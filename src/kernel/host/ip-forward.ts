import { readFileSync, writeFileSync } from 'node:fs';

/** ip-sysctl.rst: writing it sets the forwarding of every interface of the network namespace. */
const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';

/** Whether the host forwards IPv4 packets. Throws what node:fs throws. */
export function isForwarding(): boolean {
  return readFileSync(IP_FORWARD, 'utf8').trim() !== '0';
}

/** Throws what node:fs throws: EROFS in a container whose /proc/sys may not be written, say. */
export function setForwarding(on: boolean): void {
  writeFileSync(IP_FORWARD, on ? '1' : '0');
}

/** Whether packets of 127.0.0.0/8 may leave and come by this link; ip-sysctl.rst, route_localnet. Throws what node:fs throws. */
export function isLoopbackRouted(link: string): boolean {
  return readFileSync(loopbackSwitch(link), 'utf8').trim() !== '0';
}

export function routeLoopback(link: string): void {
  writeFileSync(loopbackSwitch(link), '1');
}

/** Dots in the name are no folders here, as they would be in sysctl(8). */
function loopbackSwitch(link: string): string {
  return `/proc/sys/net/ipv4/conf/${link}/route_localnet`;
}
