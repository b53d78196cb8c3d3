import type { PoolConfig } from '../types.js';

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** `8080/tcp`, taken apart; undefined for anything else. */
export function parseContainerPort(value: unknown): PoolConfig['publish'][number] | undefined {
  const [, port, protocol] = /^([1-9]\d{0,4})\/(tcp|udp)$/.exec(typeof value === 'string' ? value : '') ?? [];
  return isPort(Number(port)) ? { protocol: protocol as 'tcp' | 'udp', port: Number(port) } : undefined;
}

/** `30000-39999`, taken apart; undefined for anything else. */
export function parsePortRange(value: unknown): PoolConfig['publishRange'] | undefined {
  const [, from, to] = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/.exec(typeof value === 'string' ? value : '') ?? [];
  return isPort(Number(to)) && Number(from) <= Number(to) ? [Number(from), Number(to)] : undefined;
}
