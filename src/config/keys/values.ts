import type { PoolConfig } from '../types.js';
import { integer } from './key.js';

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

const UNITS: Readonly<Record<string, number>> = { bit: 1, Kbit: 1e3, Mbit: 1e6, Gbit: 1e9 };
const LEAST_RATE = 64e3;
const MOST_RATE = 100e9;

/** `100Mbit`, in bits per second; undefined for anything else, and for what is too little or too much. */
export function parseRate(value: unknown): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,12})(bit|Kbit|Mbit|Gbit)$/.exec(typeof value === 'string' ? value : '') ?? [];
  const rate = Number(digits) * (UNITS[unit] ?? Number.NaN);
  return rate >= LEAST_RATE && rate <= MOST_RATE ? rate : undefined;
}

/** The rate in the largest unit in which it is a whole number. */
function rateText(bitsPerSecond: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => bitsPerSecond % one === 0) ?? ['bit', 1];
  return `${bitsPerSecond / size}${unit}`;
}

/** A key that is a rate; no limit by default. */
export function rate(name: string, meaning: string) {
  return {
    name,
    type: 'string' as const,
    initial: null as string | null,
    initialMeaning: 'no limit',
    allowed: 'bits per second from 64Kbit to 100Gbit, such as "100Mbit", in bit, Kbit, Mbit or Gbit',
    meaning,
    accepts: (value: unknown) => parseRate(value) !== undefined,
    written: rateText,
  };
}

const MOST_CONNECTIONS = 1_000_000;

/** A key that limits connections; no limit by default. */
export function connections(name: string, meaning: string) {
  return {
    name,
    ...integer(1, MOST_CONNECTIONS),
    initial: null as number | null,
    initialMeaning: 'no limit',
    meaning,
  };
}
