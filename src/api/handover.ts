import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Lease, PoolService } from '../pool/index.js';

/** In how many answers under way a lease stands, and whether one with it was ever written. */
interface Fate {
  underWay: number;
  told: boolean;
}

/** Who is at the other end of a connection: SO_PEERCRED of unix(7). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}
export type PeerOf = (socket: Socket) => PeerCredentials | null;

/** One connection. Its signal is made once, not a request: to make one costs as much as to find an endpoint. */
interface Peer {
  readonly gone: AbortController;
  readonly underWay: Set<Handover>;
  readonly credentials: PeerCredentials | null;
}

/**
 * Sees to it that a lease made for a client that has gone goes back, and only such a one: acquire is idempotent, so an
 * answer that is lost may hold a lease that somebody else was told of, or is about to be.
 */
export class Handovers {
  readonly #service: Pick<PoolService, 'leases' | 'release'>;
  readonly #fates = new WeakMap<Lease, Fate>();
  readonly #peers = new WeakMap<Socket, Peer>();

  readonly #peerOf: PeerOf;

  /** What stands already was told to somebody by an earlier daemon. `peerOf` is asked once a connection. */
  constructor(service: Pick<PoolService, 'leases' | 'release'>, peerOf: PeerOf = () => null) {
    this.#service = service;
    this.#peerOf = peerOf;
    for (const lease of service.leases({})) this.#fates.set(lease, { underWay: 0, told: true });
  }

  /** To be called before anything is leased for the request that this is the response to. */
  open(response: ServerResponse): Handover {
    const { socket } = response.req;
    const handover = this.openOn(socket);
    response.on('finish', () => this.written(handover, socket));
    return handover;
  }

  /** The same for an answer that its caller writes to the connection, and then says so by `written`. */
  openOn(socket: Socket): Handover {
    const peer = this.#peers.get(socket) ?? this.#meet(socket);
    const handover = new Handover(this, peer.gone.signal, peer.credentials);
    peer.underWay.add(handover);
    return handover;
  }

  written(handover: Handover, socket: Socket): void {
    // To Node a response has finished as well when its last write failed; the connection closes then.
    if (socket.errored || socket.destroyed) return;
    this.#peers.get(socket)?.underWay.delete(handover);
    handover.told();
  }

  /** A lease goes into one more answer. */
  enter(lease: Lease): Fate {
    let fate = this.#fates.get(lease);
    if (fate === undefined) {
      fate = { underWay: 0, told: false };
      this.#fates.set(lease, fate);
    }
    fate.underWay += 1;
    return fate;
  }

  /** An answer with this lease was lost: where it was the last that could tell of it, the lease goes back. */
  lost(lease: Lease, fate: Fate): void {
    fate.underWay -= 1;
    if (fate.underWay === 0 && !fate.told) this.#service.release(lease.id);
  }

  #meet(socket: Socket): Peer {
    const peer: Peer = { gone: new AbortController(), underWay: new Set(), credentials: this.#peerOf(socket) };
    // Of the connection, not of the response: one that waits behind another on its connection would not hear of it.
    const leave = (): void => {
      // To abort costs as much as to lease: it makes an error with a stack.
      if (peer.underWay.size > 0) peer.gone.abort();
      for (const handover of peer.underWay) handover.lost();
      peer.underWay.clear();
    };
    this.#peers.set(socket, peer);
    if (socket.destroyed) leave();
    else socket.once('close', leave);
    return peer;
  }
}

/** The leases of one answer, from before they are made until it is written or its client has gone. */
export class Handover {
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Who asked; null where that is not known. */
  readonly peer: PeerCredentials | null;
  readonly #handovers: Handovers;
  readonly #held: { readonly lease: Lease; readonly fate: Fate }[] = [];

  constructor(handovers: Handovers, signal: AbortSignal, peer: PeerCredentials | null) {
    this.#handovers = handovers;
    this.signal = signal;
    this.peer = peer;
  }

  /** These leases are what the answer tells of. False if they stood already. */
  hold(leases: readonly Lease[]): boolean {
    for (const lease of leases) this.#held.push({ lease, fate: this.#handovers.enter(lease) });
    const [first] = this.#held;
    const isNew = first !== undefined && first.fate.underWay === 1 && !first.fate.told;
    if (this.signal.aborted) this.lost();
    return isNew;
  }

  /** The answer was written. */
  told(): void {
    for (const { fate } of this.#held) {
      fate.underWay -= 1;
      fate.told = true;
    }
  }

  /** The client has gone without the answer. */
  lost(): void {
    for (const { lease, fate } of this.#held.splice(0)) this.#handovers.lost(lease, fate);
  }
}
