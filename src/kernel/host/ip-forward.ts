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
