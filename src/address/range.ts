/** A range of addresses of either family, 4 or 16 bytes in network order. */
export interface AddressRange {
  readonly network: readonly number[];
  readonly prefixLength: number;
}

/** The range of this prefix length in which the address lies. */
export function containingRange(address: readonly number[], prefixLength: number): AddressRange {
  const network = address.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, prefixLength - 8 * at));
    return byte & (0xff << (8 - kept));
  });
  return { network, prefixLength };
}

/** Whether the two have an address in common: one then contains the other. */
export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  if (a.network.length !== b.network.length) return false;
  const prefixLength = Math.min(a.prefixLength, b.prefixLength);
  const [one, other] = [a, b].map(({ network }) => containingRange(network, prefixLength).network);
  return String(one) === String(other);
}
