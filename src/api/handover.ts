import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Lease, PoolService } from '../pool/index.js';
import { LateSignal } from './late-signal.js';

/** How many requests, answered or about to be, count on a lease that several may share (idempotent acquires). */
export type Claims = WeakMap<Lease, number>;

/**
 * One request's leases on their way to its client. A client that has left before its answer went out holds nothing: its
 * wait is aborted, and what was leased for it and is nobody else's goes back.
 */
export class Handover {
  /** Aborted when the client has gone. */
  readonly signal = new LateSignal();
  readonly #service: Pick<PoolService, 'release'>;
  readonly #claims: Claims;
  readonly #socket: Socket | null;
  #mine: readonly Lease[] = [];
  #finished = false;

  constructor(service: Pick<PoolService, 'release'>, claims: Claims, raw: ServerResponse) {
    this.#service = service;
    this.#claims = claims;
    this.#socket = raw.socket;
    raw.once('finish', () => {
      this.#finished = true;
    });
    raw.once('close', () => this.#closed());
  }

  /** These leases are this request's alone. */
  own(leases: readonly Lease[]): void {
    this.#mine = leases;
    if (this.signal.aborted) this.#giveBack();
  }

  /**
   * This lease is a container's, who may have had it before `startedMs` (Date.now()), or be given it by other requests too:
   * then it goes back only if none of them is answered. False if the container had it already.
   */
  share(lease: Lease, startedMs: number): boolean {
    const others = this.#claims.get(lease) ?? (Date.parse(lease.acquiredAt) < startedMs ? 1 : 0);
    this.#claims.set(lease, others + 1);
    this.own([lease]);
    return others === 0;
  }

  #closed(): void {
    // 'finish' alone comes as well when the write failed with EPIPE.
    if (this.#finished && this.#socket?.errored == null) return;
    this.signal.abort();
    this.#giveBack();
  }

  #giveBack(): void {
    const leases = this.#mine;
    this.#mine = [];
    for (const lease of leases) {
      const others = (this.#claims.get(lease) ?? 1) - 1;
      if (others > 0) this.#claims.set(lease, others);
      else this.#service.release(lease.id);
    }
  }
}
