import type { NetlinkSocket } from '../../../kernel/netlink/netlink-socket.js';
import type { OwnValues } from './message-shape.js';

/** One thing that can be observed in a namespace. */
export interface Item {
  /** Also the reason's name where it deviates: `links`, `routes`, … */
  readonly name: string;
  /** Every object of it in canonical form; order does not matter. Runs inside the namespace, synchronously. */
  read(view: View): Buffer[];
  /** In words, how two readings differ. */
  describe(pristine: readonly Buffer[], found: readonly Buffer[]): string;
}

/** What the readers look through: sockets of the namespace, opened once for all of them. */
export interface View {
  readonly own: OwnValues;
  readonly netnsFd: number;
  /** How many sockets of the daemon's own are in the namespace, by protocol name as /proc/net/protocols has it. */
  readonly ownSockets: number;
  readonly socket: (protocol: number) => NetlinkSocket;
  /** Numbers of generic netlink families by name. */
  readonly families: ReadonlyMap<string, number>;
  /** Whether the code of a kernel module is there, built in or loaded: what is not there holds no state. */
  readonly hasModule: (name: string) => boolean;
}

/** How two lists of lines differ, for items that are text. */
export function describeLines(pristine: readonly Buffer[], found: readonly Buffer[]): string {
  const more = without(found, pristine).map(String);
  const fewer = without(pristine, found).map(String);
  const words = [
    ...(more.length > 0 ? [`has ${shorten(more)}`] : []),
    ...(fewer.length > 0 ? [`instead of ${shorten(fewer)}`] : []),
  ];
  return words.join(' ') || 'another number of them';
}

/** Those of `left` that `right` has not. */
export function without(left: readonly Buffer[], right: readonly Buffer[]): Buffer[] {
  return left.filter((one) => !right.some((other) => other.equals(one)));
}

const SHOWN = 3;

function shorten(lines: readonly string[]): string {
  const shown = lines.slice(0, SHOWN).map((line) => line.replaceAll(/\s+/g, ' ').trim().slice(0, 100));
  return `${shown.join(', ')}${lines.length > SHOWN ? ` and ${lines.length - SHOWN} more` : ''}`;
}
