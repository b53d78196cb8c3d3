import { statSync } from 'node:fs';
import type { EndpointName } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { ProcessNetns, secondsSinceBoot } from '../kernel/netns/process-netns.js';
import { readBundle } from '../oci/index.js';
import type { Lease, Pools } from '../pool/index.js';
import { ANNOTATION, isSkipped, networkPath, refuseForeign } from './lease-bundle.js';
import { type Grafted, type GraftRequest, passthrough } from './requests.js';

interface GraftOptions {
  readonly pools: Pick<Pools, 'acquire' | 'leases' | 'release' | 'markGrafted'>;
  /** Moves an endpoint's interface, in the kernel thread. */
  readonly graft: (name: EndpointName, targetFd: number) => Promise<void>;
  /** Process ids by namespace inode. */
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  /** Inode of the daemon's own network namespace. */
  readonly ownInode: number;
}

/**
 * Gives containers a network through OCI hooks: leases an endpoint and moves its interface into the network namespace
 * that the runtime made for the container. Annotations have the same effect as for a patched bundle. The bundle is only
 * read: the runtime has read it already.
 */
export class ContainerGrafts {
  readonly #options: GraftOptions;
  /** The newest graft of each container: one that comes meanwhile waits for it. */
  readonly #pending = new Map<string, Promise<Grafted>>();

  constructor(options: GraftOptions) {
    this.#options = options;
  }

  /**
   * Idempotent by container and namespace. Throws `graft_refused` (the process has ended, is in the host's namespace, or
   * in one with an eth0), `graft_failed`, `lease_conflict` if another container with this id still runs, and what acquire
   * throws; then nothing new is leased and the namespace is unchanged.
   */
  graft(request: GraftRequest): Promise<Grafted> {
    // A process that started later than the request has reused the pid of the one that was meant.
    const requestedSeconds = secondsSinceBoot();
    const before = this.#pending.get(request.containerId);
    const after =
      before === undefined ? this.#graft(request, requestedSeconds) : this.#next(before, request, requestedSeconds);
    const tracked = after.finally(() => {
      if (this.#pending.get(request.containerId) === tracked) this.#pending.delete(request.containerId);
    });
    this.#pending.set(request.containerId, tracked);
    return tracked;
  }

  async #next(before: Promise<unknown>, request: GraftRequest, requestedSeconds: number): Promise<Grafted> {
    await before.catch(() => undefined);
    return this.#graft(request, requestedSeconds);
  }

  async #graft(request: GraftRequest, requestedSeconds: number): Promise<Grafted> {
    using bundle = readBundle(request.bundle);
    const { containerId, pid, peer } = request;
    refuseForeign(bundle, peer?.uid ?? 0);
    const annotations = bundle.spec.annotations ?? {};
    if (isSkipped(bundle)) return passthrough(`its annotation ${ANNOTATION.skip} is set`);
    const path = networkPath(bundle);
    if (path === undefined) return passthrough("the container shares the host's network");
    if (path !== null) return passthrough(`its network namespace already has a path: ${path}`);
    using target = this.#open(pid, requestedSeconds);
    // /proc/PID belongs to the effective user of the process; the open descriptor holds the namespace.
    if (peer != null && peer.uid !== 0 && ownerOf(pid) !== peer.uid)
      throw refused(pid, `it does not belong to the client, user ${peer.uid}`);
    const held = this.#heldLease(containerId, target.inode);
    const [lease] = await this.#options.pools.acquire({
      pool: annotations[ANNOTATION.pool] ?? request.pool,
      containerId,
      tenant: annotations[ANNOTATION.tenant] ?? request.tenant,
      forContainer: true,
      waitSeconds: request.wait,
      signal: request.signal,
    });
    if (lease === undefined) return passthrough('no lease was made');
    await this.#move(lease, { pid, target });
    return { action: 'grafted', existing: held === lease, lease };
  }

  #open(pid: number, requestedSeconds: number): ProcessNetns {
    const target = ProcessNetns.open(pid);
    if (target === undefined) throw refused(pid, 'it has ended');
    try {
      if (target.startedSeconds > requestedSeconds) throw refused(pid, 'it has ended, and another process has its pid');
      if (target.inode === this.#options.ownInode) throw refused(pid, "it is in the host's own network namespace");
      const leased = this.#options.pools.leases({}).find(({ netns }) => netns.inode === target.inode);
      if (leased !== undefined) throw refused(pid, `it is already in the namespace of lease ${leased.id}`);
      return target;
    } catch (error) {
      target[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * The lease that the container holds already. A lease grafted into another namespace belongs to an earlier container of
   * this id whose poststop hook did not run; it ends here unless that container still runs.
   */
  #heldLease(containerId: string, inode: number): Lease | undefined {
    const { pools, users } = this.#options;
    const leases = pools.leases({ containerId });
    const elsewhere = leases.filter(({ graft }) => graft !== undefined && graft.inode !== inode);
    const inside = elsewhere.length === 0 ? undefined : users();
    for (const { id, graft } of elsewhere) {
      const [user] = inside?.get(graft?.inode ?? 0) ?? [];
      if (user !== undefined) {
        const message = `container ${containerId} holds lease ${id} in a namespace where process ${user} still runs: delete that container first`;
        throw new NetnsdError('lease_conflict', message, { details: { containerId, lease: id } });
      }
      pools.release(id);
    }
    return leases.find((lease) => !elsewhere.includes(lease));
  }

  /** The record is written first: a daemon that restarts knows where the container is. A failure ends the lease. */
  async #move(lease: Lease, { pid, target }: { pid: number; target: ProcessNetns }): Promise<void> {
    const { pools, graft } = this.#options;
    try {
      await graft(pools.markGrafted(lease.id, { inode: target.inode, pid }), target.fd);
    } catch (error) {
      pools.release(lease.id);
      throw error;
    }
  }
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

function refused(pid: number, why: string): NetnsdError {
  return new NetnsdError('graft_refused', `cannot give process ${pid} a network: ${why}`, { details: { pid } });
}
