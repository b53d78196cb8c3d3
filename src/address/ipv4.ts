export function parseIpv4(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}
export function formatIpv4(address: number): string {
  return ipv4Bytes(address).join('.');
}
export function ipv4Bytes(address: number): [number, number, number, number] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}
