import { statSync } from 'node:fs';
import type { EndpointName } from '../endpoint/types.js';
import { NetnsdError } from '../errors.js';
import { ProcessNetns, secondsSinceBoot } from '../kernel/netns/process-netns.js';
import { readBundle } from '../oci/index.js';
import type { Lease, Pools } from '../pool/index.js';
import {
  ANNOTATION,
  type Answer,
  type ContainerRequest,
  isSkipped,
  networkPath,
  refuseForeign,
} from './lease-bundle.js';

interface Request extends ContainerRequest {
  /** The container's first process. */
  readonly pid: number;
}

interface GraftOptions {
  readonly pools: Pick<Pools, 'acquire' | 'leases' | 'release' | 'markGrafted'>;
  /** Moves an endpoint's interface; the kernel thread's. */
  readonly graft: (name: EndpointName, targetFd: number) => Promise<void>;
  /** Process ids by namespace inode. */
  readonly users: () => ReadonlyMap<number, readonly number[]>;
  /** Inode of the daemon's own network namespace. */
  readonly ownInode: number;
}

/**
 * Gives containers a network by way of OCI hooks: leases an endpoint and moves its interface into the network namespace
 * that the runtime made for the container, where the bundle leaves that to the runtime. Annotations are honoured as for
 * a patched bundle; the bundle is only read, for the runtime has read it already.
 */
export class ContainerGrafts {
  readonly #options: GraftOptions;
  /** By container: the same request while the first is under way gets the first one's answer. */
  readonly #underWay = new Map<string, Promise<Answer<'grafted'>>>();

  constructor(options: GraftOptions) {
    this.#options = options;
  }

  /**
   * Idempotent by container and namespace. Throws `graft_refused` (the process has ended, stands in the host's namespace,
   * or in one with an eth0), `graft_failed`, `lease_conflict` where another container of this id still runs, and what
   * acquire throws; then nothing new is held and the namespace is as it was.
   */
  graft(request: Request): Promise<Answer<'grafted'>> {
    // The time of asking: a process that was started later bears the number of the one that was meant.
    const askedSeconds = secondsSinceBoot();
    const before = this.#underWay.get(request.containerId);
    const after = before === undefined ? this.#graft(request, askedSeconds) : this.#next(before, request, askedSeconds);
    const tracked = after.finally(() => {
      if (this.#underWay.get(request.containerId) === tracked) this.#underWay.delete(request.containerId);
    });
    this.#underWay.set(request.containerId, tracked);
    return tracked;
  }

  async #next(before: Promise<unknown>, request: Request, askedSeconds: number): Promise<Answer<'grafted'>> {
    await before.catch(() => undefined);
    return this.#graft(request, askedSeconds);
  }

  async #graft(request: Request, askedSeconds: number): Promise<Answer<'grafted'>> {
    using bundle = readBundle(request.bundle);
    const { containerId, pid, peer } = request;
    refuseForeign(bundle, peer?.uid ?? 0);
    const annotations = bundle.spec.annotations ?? {};
    if (isSkipped(bundle)) return passthrough(`${ANNOTATION.skip} says so`);
    const path = networkPath(bundle);
    if (path === undefined) return passthrough("the container shares the host's network");
    if (path !== null) return passthrough(`its network namespace has a path: ${path}`);
    using target = this.#open(pid, askedSeconds);
    // The folder of a process is its effective user's; the namespace, once opened, is held.
    if (peer != null && peer.uid !== 0 && ownerOf(pid) !== peer.uid) throw refused(pid, `it is not user ${peer.uid}'s`);
    const standing = this.#standing(containerId, target.inode);
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
    return { action: 'grafted', existing: standing === lease, lease };
  }

  #open(pid: number, askedSeconds: number): ProcessNetns {
    const target = ProcessNetns.open(pid);
    if (target === undefined) throw refused(pid, 'there is no such process any more');
    try {
      if (target.startedSeconds > askedSeconds) throw refused(pid, 'another process bears its number by now');
      if (target.inode === this.#options.ownInode) throw refused(pid, "it stands in the host's own network namespace");
      const leased = this.#options.pools.leases({}).find(({ netns }) => netns.inode === target.inode);
      if (leased !== undefined) throw refused(pid, `it stands in the namespace of lease ${leased.id} already`);
      return target;
    } catch (error) {
      target[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * The lease that the container holds already. One that was grafted elsewhere is of an earlier container of this id,
   * which went without its poststop hook, and ends here; unless that one still runs.
   */
  #standing(containerId: string, inode: number): Lease | undefined {
    const { pools, users } = this.#options;
    const leases = pools.leases({ containerId });
    const elsewhere = leases.filter(({ graft }) => graft !== undefined && graft.inode !== inode);
    const inside = elsewhere.length === 0 ? undefined : users();
    for (const { id, graft } of elsewhere) {
      const [user] = inside?.get(graft?.inode ?? 0) ?? [];
      if (user !== undefined) {
        const message = `container ${containerId} has lease ${id} in a namespace where process ${user} still runs: delete that container first`;
        throw new NetnsdError('lease_conflict', message, { details: { containerId, lease: id } });
      }
      pools.release(id);
    }
    return leases.find((lease) => !elsewhere.includes(lease));
  }

  /** The record comes first, so that a restart knows where to look for the container; a failure ends the lease. */
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

function passthrough(reason: string): Answer<never> {
  return { action: 'passthrough', reason };
}
