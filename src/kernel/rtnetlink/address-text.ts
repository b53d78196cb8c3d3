import { formatIpv6 } from '../../address/ipv6.js';

/** 4 or 16 bytes for people. */
export function addressText(address: readonly number[]): string {
  return address.length === 4 ? address.join('.') : formatIpv6(address);
}
