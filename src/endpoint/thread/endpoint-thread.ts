import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Worker } from 'node:worker_threads';
import { NetnsdError } from '../../errors.js';
import { LeasePaths } from '../../kernel/netns/lease-paths.js';
import type { Inhabited } from '../network/describe.js';
import type { NetworkFinding } from '../network/network-repair.js';
import { type Place, placeOf, type WantedPlace } from '../place.js';
import { factsOf, planEndpoint } from '../plan.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Settled, Site } from '../types.js';
import type { Verdict } from '../verify/verify.js';
import { startWorker } from './start-worker.js';
import { ThreadCalls } from './thread-calls.js';
import {
  type AdoptedEndpoint,
  type BuiltEndpoint,
  type BuiltNamespace,
  type Found,
  fromPlain,
  type Jobs,
  type PlainError,
  type Survey,
  type TenantEndpoint,
  type ThreadSettings,
  type VerifyRequest,
} from './thread-protocol.js';

type PlainSettled<T> = { ok: true; value: T } | { ok: false; error: PlainError };

/** The main thread's side of the kernel thread: every call is a message to it and resolves with its answer. */
export class EndpointThread {
  readonly #worker: Worker;
  readonly #site: Site;
  readonly #networks: Map<string, NetworkSettings>;
  readonly #calls: ThreadCalls;
  /** Null before the thread was opened, and after it was closed. */
  #paths: LeasePaths | null = null;
  #closing = false;

  /** Tells the thread its settings; `openVault` and `open` come next. */
  static async start(settings: ThreadSettings, worker = startWorker()): Promise<EndpointThread> {
    // libuv starts its thread pool at the first asynchronous file call, and a new thread inherits the namespace of the one
    // that starts it: have the pool started here, before any thread has left the process's namespace.
    await stat('/proc/self/ns/net');
    return new EndpointThread(settings, worker);
  }

  private constructor(settings: ThreadSettings, worker: Worker) {
    this.#site = settings.site;
    this.#networks = new Map(settings.networks.map((network) => [network.name, network]));
    this.#worker = worker;
    worker.ref();
    worker.postMessage(settings);
    this.#calls = new ThreadCalls(worker);
  }

  /** Calls `listener` once when the thread ends other than by `close`. */
  onFailure(listener: (error: NetnsdError) => void): void {
    // A thread may end without an error, by process.exit() in a library say; the daemon is as lost then.
    this.#worker.once('exit', () => !this.#closing && this.#calls.ended !== undefined && listener(this.#calls.ended));
  }

  /** Takes over what version 0.1 left in the host, and finds the paths of endpoints. Throws kernel_error. */
  async openVault(): Promise<void> {
    this.#paths = new LeasePaths({ root: await this.#calls.call('openVault', null), stateDir: this.#site.stateDir });
  }

  /**
   * Takes over or makes the hubs of the pools. `retired`: networks of pools that are no longer configured and whose leases
   * stand. Throws kernel_error.
   */
  async open(retired: readonly NetworkSettings[] = []): Promise<void> {
    for (const network of retired) this.#networks.set(network.name, network);
    await this.#calls.call('open', { retired });
  }

  /** Begins anew with other networks, as after a start; `open` comes next. Nothing may be under way. */
  async configure(networks: readonly NetworkSettings[]): Promise<void> {
    this.#networks.clear();
    for (const network of networks) this.#networks.set(network.name, network);
    await this.#calls.call('configure', { networks });
  }

  /** See `describeNamespaces`. */
  describe(pids: readonly number[]): Promise<Inhabited[]> {
    return this.#calls.call('describe', { pids });
  }

  /** The path of an endpoint, which gets one if it has none. Throws as `renewPath`. */
  pathOf(name: EndpointName): string {
    return this.#paths?.find(name.id) ?? this.renewPath(name);
  }

  /**
   * Gives an endpoint that becomes ready again a path that no lease had before; the one before leads nowhere any more. Throws
   * `internal` where that cannot be done.
   */
  renewPath({ id }: EndpointName): string {
    if (this.#paths === null) throw new NetnsdError('internal', 'the kernel thread is not open');
    try {
      return this.#paths.renew(id);
    } catch (error) {
      const message = `cannot give endpoint ${id} a path: ${(error as Error).message}`;
      throw new NetnsdError('internal', message, { cause: error, details: { endpoint: id } });
    }
  }

  /** The lease of an endpoint has ended: its path leads nowhere any more. */
  retractPath({ id }: EndpointName): void {
    this.#paths?.retract(id);
  }

  /** Whether the namespace of an endpoint is where it was mounted. */
  isMounted({ name, netnsInode }: BuiltEndpoint): boolean {
    return this.#paths?.inodeOf(name.id) === netnsInode;
  }

  /** See `placeOf`. */
  placeOf(pool: string, wanted: WantedPlace): Place {
    return placeOf(this.#networks.get(pool) as NetworkSettings, wanted);
  }

  inventory(): Promise<Found> {
    return this.#calls.call('inventory', null);
  }

  async build(names: readonly EndpointName[], { urgent }: { urgent: boolean }): Promise<Settled<EndpointFacts>[]> {
    const outcomes = await this.#settled('build', { names, urgent }, names.length);
    return Promise.all(
      fromPlain(outcomes as PlainSettled<BuiltNamespace>[]).map((outcome, position) =>
        outcome.ok ? this.#publish(names[position] as EndpointName, outcome.value) : outcome,
      ),
    );
  }

  async destroy(names: readonly EndpointName[]): Promise<Settled<void>[]> {
    for (const name of names) this.retractPath(name);
    const outcomes = await this.#settled('destroy', { names }, names.length);
    return fromPlain(outcomes as PlainSettled<void>[]);
  }

  /** Lets endpoints reach those of their tenant, where the pool isolates tenants. Rejects with kernel_error and missing_tool. */
  async admit(endpoints: readonly TenantEndpoint[]): Promise<void> {
    await this.#calls.call('admit', { endpoints });
  }

  /** Gives hubs whose rules others changed or removed their own again; the names of these hubs. Rejects with kernel_error and missing_tool. */
  restoreWalls(): Promise<string[]> {
    return this.#calls.call('restoreWalls', null);
  }

  /** Seals ready endpoints; false for those that could not be sealed. Rejects with worker_failed only. */
  seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    return this.#calls.call('seal', { endpoints });
  }

  /** Verifies that endpoints are pristine. Rejects with worker_failed only. */
  verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]> {
    return this.#calls.call('verify', { endpoints });
  }

  /** Ids of the processes that are inside each namespace, by one walk over /proc. */
  users(netnsInodes: readonly number[]): Promise<number[][]> {
    return this.#calls.call('users', { netnsInodes });
  }

  /** Why endpoints are not sealed, or what a seal does not see; null: nothing is lacking. */
  sealing(): Promise<string | null> {
    return this.#calls.call('sealing', null);
  }

  /** Moves the interface of an endpoint into the namespace behind `targetFd`, which stays the caller's; see `graftEndpoint`. */
  async graft(name: EndpointName, targetFd: number): Promise<void> {
    await this.#calls.call('graft', { name, targetFd });
  }

  /** Takes over endpoints of an earlier daemon; false where the link is in no hub of its pool. */
  adopt(names: readonly AdoptedEndpoint[]): Promise<boolean[]> {
    return this.#calls.call('adopt', { names });
  }

  /** Finds faults of the pools' networks at the host, and repairs them if asked to; see `repairNetwork`. */
  repair(endpoints: readonly EndpointName[], { fix }: { fix: boolean }): Promise<NetworkFinding[]> {
    return this.#calls.call('repair', { endpoints, fix });
  }

  /** All that bears the instance id, who is inside, and what ready endpoints lack. */
  survey(ready: readonly BuiltEndpoint[], { thorough = true }: { thorough?: boolean } = {}): Promise<Survey> {
    return this.#calls.call('survey', { ready, thorough });
  }

  /** Removes hubs, and links of this daemon in the host; the names of those that could not be removed. */
  removeStale(stale: { hubs: readonly string[]; links: readonly string[] }): Promise<string[]> {
    return this.#calls.call('removeStale', stale);
  }

  /** Removes the hubs of a pool that has no endpoints left, and its link in the host; the names of links that could not be removed. */
  removeNetwork(pool: string): Promise<string[]> {
    return this.#calls.call('removeNetwork', { pool });
  }

  /** Has the thread give back what is garbage in its heap. Rejects with worker_failed only. */
  async collectGarbage(): Promise<void> {
    await this.#calls.call('collect', null);
  }

  /** Ends the thread after the work it has begun; again does nothing. */
  async close(): Promise<void> {
    if (this.#calls.ended !== undefined) return;
    this.#closing = true;
    this.#paths = null;
    const exited = once(this.#worker, 'exit');
    await this.#calls.call('close', null);
    await exited;
  }

  /** Stops the thread wherever it is, as if the process were killed: it does nothing more than the system call that it is in. */
  terminate(): void {
    this.#closing = true;
    void this.#worker.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives an endpoint that was built its path; where that fails, it is destroyed. */
  async #publish(name: EndpointName, { inode, hub }: BuiltNamespace): Promise<Settled<EndpointFacts>> {
    const network = this.#networks.get(name.pool) as NetworkSettings;
    try {
      const netns = { path: this.renewPath(name), inode };
      return { ok: true, value: factsOf(planEndpoint(this.#site, network, name), { netns, hub }, network.dns) };
    } catch (error) {
      const [destroyed] = await this.destroy([name]);
      const undo = destroyed?.ok === false ? destroyed.error.message : undefined;
      const details = { endpoint: name.id, step: 'path', undo };
      return { ok: false, error: new NetnsdError('build_failed', (error as Error).message, { details, cause: error }) };
    }
  }

  /** Like `#call`, with a failure of the whole job as the outcome of each endpoint. */
  async #settled<K extends 'build' | 'destroy'>(kind: K, input: Jobs[K]['in'], count: number): Promise<unknown[]> {
    try {
      return await this.#calls.call(kind, input);
    } catch (error) {
      const { code, message, details } = error as NetnsdError;
      return Array.from({ length: count }, () => ({ ok: false, error: { code, message, details } }));
    }
  }
}
