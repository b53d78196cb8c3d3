import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Lease, PoolService } from '../pool/index.js';

/** The other end of a connection: SO_PEERCRED of unix(7). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}
export type PeerOf = (socket: Socket) => PeerCredentials | null;

/** How many pending responses carry a lease, and whether one that carried it was ever written. */
interface LeaseState {
  pending: number;
  delivered: boolean;
}

/** One connection. Its abort signal is shared by its requests: they all end with it. */
interface Connection {
  readonly closed: AbortController;
  readonly pending: Set<Delivery>;
  readonly peer: PeerCredentials | null;
}

/**
 * Releases a lease if its client disconnects before the response. Acquire is idempotent, so several responses can carry
 * the same lease: it is released only if none of them was written and none is pending.
 */
export class Deliveries {
  readonly #service: Pick<PoolService, 'leases' | 'release'>;
  readonly #peerOf: PeerOf;
  readonly #states = new WeakMap<Lease, LeaseState>();
  readonly #connections = new WeakMap<Socket, Connection>();

  #opened = false;

  /** Leases that exist before the first request count as delivered, by an earlier daemon. `peerOf` is called once a connection. */
  constructor(service: Pick<PoolService, 'leases' | 'release'>, peerOf: PeerOf = () => null) {
    this.#service = service;
    this.#peerOf = peerOf;
  }

  /** Call it before anything is leased for the request that `response` answers. */
  open(response: ServerResponse): Delivery {
    if (!this.#opened)
      for (const lease of this.#service.leases({})) this.#states.set(lease, { pending: 0, delivered: true });
    this.#opened = true;
    const { socket } = response.req;
    const connection = this.#connections.get(socket) ?? this.#connect(socket);
    const delivery = new Delivery(this, connection.closed.signal, connection.peer);
    connection.pending.add(delivery);
    response.on('finish', () => {
      // Node.js emits `finish` also if the last write failed; the connection closes then.
      if (socket.errored || socket.destroyed) return;
      connection.pending.delete(delivery);
      delivery.complete();
    });
    return delivery;
  }

  /** One more pending response carries the lease. */
  add(lease: Lease): LeaseState {
    let state = this.#states.get(lease);
    if (state === undefined) {
      state = { pending: 0, delivered: false };
      this.#states.set(lease, state);
    }
    state.pending += 1;
    return state;
  }

  /** A response that carries the lease was lost. */
  lose(lease: Lease, state: LeaseState): void {
    state.pending -= 1;
    if (state.pending === 0 && !state.delivered) this.#service.release(lease.id);
  }

  #connect(socket: Socket): Connection {
    const connection: Connection = { closed: new AbortController(), pending: new Set(), peer: this.#peerOf(socket) };
    // Of the socket, not of the response: a pipelined response that waits for another emits no `close`.
    const close = (): void => {
      if (connection.pending.size > 0) connection.closed.abort();
      for (const delivery of connection.pending) delivery.lose();
      connection.pending.clear();
    };
    this.#connections.set(socket, connection);
    if (socket.destroyed) close();
    else socket.once('close', close);
    return connection;
  }
}

/** The leases that one response carries, from before they are made until the response is written or lost. */
export class Delivery {
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
  /** The client; null if it is not known. */
  readonly peer: PeerCredentials | null;
  readonly #deliveries: Deliveries;
  readonly #carried: { readonly lease: Lease; readonly state: LeaseState }[] = [];

  constructor(deliveries: Deliveries, signal: AbortSignal, peer: PeerCredentials | null) {
    this.#deliveries = deliveries;
    this.signal = signal;
    this.peer = peer;
  }

  /** The response carries these leases. Returns whether they are new to every client. */
  carry(leases: readonly Lease[]): boolean {
    for (const lease of leases) this.#carried.push({ lease, state: this.#deliveries.add(lease) });
    const [first] = this.#carried;
    const isNew = first !== undefined && first.state.pending === 1 && !first.state.delivered;
    if (this.signal.aborted) this.lose();
    return isNew;
  }

  /** The response was written. */
  complete(): void {
    for (const { state } of this.#carried) {
      state.pending -= 1;
      state.delivered = true;
    }
  }

  /** The client disconnected before the response. */
  lose(): void {
    for (const { lease, state } of this.#carried.splice(0)) this.#deliveries.lose(lease, state);
  }
}
