import { NetnsdError } from '../../errors.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../../kernel/netlink/protocol.js';
import {
  addElements,
  deleteElements,
  generationOf,
  hasBridgeTable,
  nextGeneration,
  transactIfUnchanged,
} from '../../kernel/nftables/elements.js';
import { runNftNow } from '../../kernel/nftables/nft.js';
import { HUB_TABLE, type Member, memberElements, removeHubRules } from './hub-rules.js';

/** Generation 0: it is not known what the rules are. */
const UNKNOWN = 0;
/** An attribute of netlink has at most 64 KB: this is less than a third. */
const ELEMENTS_A_REQUEST = 250;

/**
 * The rules in a hub. The kernel numbers the changes of a namespace's rules: as long as the number is that of the last change made here,
 * the rules are what was made here, and nothing need be read.
 */
export class HubWalls implements Disposable {
  readonly #inside: <T>(act: () => T) => T;
  #socket: NetlinkSocket | null = null;
  /** Null: no rules are wanted. */
  #generation: number | null = UNKNOWN;

  /** `inside` runs a function with the thread in the hub. */
  constructor(inside: <T>(act: () => T) => T) {
    this.#inside = inside;
  }

  /** Whether the rules are as they were made last. Throws kernel_error. */
  get areIntact(): boolean {
    if (this.#generation === null) return true;
    return this.#generation !== UNKNOWN && generationOf(this.#netfilter) === this.#generation;
  }

  /** Whether this process has made any. */
  areOurs = false;

  /** Whether there are any, which a daemon before may have made. Throws kernel_error. */
  get haveRules(): boolean {
    return hasBridgeTable(this.#netfilter, HUB_TABLE);
  }

  /** Has the hub have just the rules of this script (`hubRules`), in one transaction; null: none. Throws missing_tool and kernel_error. */
  make(script: string | null): void {
    if (script === null) {
      this.#generation = null;
      if (this.haveRules) this.#inside(() => runNftNow(removeHubRules()));
      return;
    }
    this.#generation = UNKNOWN;
    const before = generationOf(this.#netfilter);
    this.#inside(() => runNftNow(script));
    // If another process changed the rules in between, the number differs.
    this.#generation = nextGeneration(before);
    this.areOurs = true;
  }

  /** Changes who is of which tenant, in one transaction; false, and nothing done, where the rules are not as they were made. */
  change({ added, removed }: { added: readonly Member[]; removed: readonly Member[] }): boolean {
    if (this.#generation === null || this.#generation === UNKNOWN) return false;
    const requests = [
      ...chunks(removed).flatMap((some) => memberElements(some).map(deleteElements)),
      ...chunks(added).flatMap((some) => memberElements(some).map(addElements)),
    ];
    try {
      const isDone = transactIfUnchanged(this.#netfilter, requests, this.#generation);
      this.#generation = isDone ? nextGeneration(this.#generation) : UNKNOWN;
      return isDone;
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      this.#generation = UNKNOWN;
      return false;
    }
  }

  get #netfilter(): NetlinkSocket {
    this.#socket ??= this.#inside(() => NetlinkSocket.open({ protocol: NETLINK_PROTOCOL.netfilter, many: true }));
    return this.#socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
    this.#socket = null;
  }
}

function chunks(members: readonly Member[]): (readonly Member[])[] {
  const count = Math.ceil(members.length / ELEMENTS_A_REQUEST);
  return Array.from({ length: count }, (_, at) =>
    members.slice(at * ELEMENTS_A_REQUEST, (at + 1) * ELEMENTS_A_REQUEST),
  );
}
