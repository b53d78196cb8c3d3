import { SysctlWatch } from '../../kernel/bpf/sysctl-watch.js';
import { closeFd } from '../../kernel/libc.js';
import { ChangeListener, loadNeighbourFilter } from '../../kernel/netlink/change-listener.js';
import { ENGINE_SYSCTLS } from './fingerprint/engine-sysctls.js';

/**
 * How many endpoints are sealed at a time. The kernel offers each announcement, of whatever namespace of the machine, to every seal,
 * and walks all of them under a lock for each that is set, so with 10 000 of them each new veth pair on the host is slow.
 */
export const MOST_SEALS = 1000;
/** Descriptors that seals leave to requests, records and builds: an endpoint without a seal can be leased, one without a record cannot. */
const SPARE_DESCRIPTORS = 32;

/** What a seal says. */
export type SealState =
  | { readonly intact: true }
  /** Why it says nothing, or too much. */
  | { readonly intact: false; readonly why: string };

interface Seal {
  readonly listener: ChangeListener;
  readonly netnsInode: number;
  /** What was heard since it was sealed: to hear it once is enough. */
  broken: string | null;
  /** Writes to sysctls that were the daemon's own. */
  ownWrites: bigint;
}

/**
 * The seals of the endpoints: a listener in each namespace for what the kernel announces, and a count of the sysctls
 * written. A seal is a witness, not a lock: whatever is changed is seen afterwards. Where the kernel does not let
 * programs be loaded, there are none, and every endpoint must be proven.
 */
export class Seals {
  /** Why there are no seals, or why they do not see sysctls; null: all is there. */
  readonly lacking: string | null;
  readonly #filterFd: number | null;
  readonly #watch: SysctlWatch | null;
  readonly #seals = new Map<string, Seal>();
  readonly #most: number;

  constructor({ most = MOST_SEALS }: { most?: number } = {}) {
    this.#most = most;
    const filter = attempt(loadNeighbourFilter);
    const watch = attempt(() => SysctlWatch.open({ except: ENGINE_SYSCTLS.map(({ name }) => name) }));
    this.#filterFd = filter.value;
    this.#watch = watch.value;
    this.lacking = filter.error ?? watch.error;
  }

  /** Whether writes to sysctls are seen, so that they need not be read. */
  get seesSysctls(): boolean {
    return this.#watch !== null;
  }

  get size(): number {
    return this.#seals.size;
  }

  /** Whether no other endpoint can be sealed. */
  get isFull(): boolean {
    return this.#seals.size >= this.#most;
  }

  /** How many sockets of the seal are in the endpoint's namespace. */
  listeners(id: string): number {
    return this.#seals.has(id) ? 1 : 0;
  }

  /**
   * Seals the endpoint in whose namespace the thread stands, anew if it had a seal; false where that cannot be done, or where there
   * are as many seals as there may be. The caller knows that no process is inside.
   */
  seal(id: string, netnsInode: number): boolean {
    if (this.#filterFd === null) return false;
    const earlier = this.#seals.get(id);
    if (earlier === undefined && this.isFull) return false;
    try {
      this.#watch?.begin(netnsInode);
      if (earlier !== undefined && earlier.broken === null && earlier.listener.heard().what === 'nothing') {
        earlier.ownWrites = 0n;
        return true;
      }
      // Whatever waits in the queue of the old one goes with it.
      earlier?.listener.close();
      const listener = ChangeListener.open({ spareDescriptors: SPARE_DESCRIPTORS });
      this.#seals.set(id, { listener, netnsInode, broken: null, ownWrites: 0n });
      listener.listen(this.#filterFd);
      return true;
    } catch {
      // No descriptor, no memory: this endpoint goes without.
      this.forget(id);
      return false;
    }
  }

  /** Whether anything was changed since the endpoint was sealed. */
  state(id: string): SealState {
    const seal = this.#seals.get(id);
    if (seal === undefined) return { intact: false, why: 'it was not sealed' };
    seal.broken ??= listen(seal.listener);
    if (seal.broken !== null) return { intact: false, why: seal.broken };
    return this.sysctlWrites(id) === 0n ? { intact: true } : { intact: false, why: 'a sysctl was written' };
  }

  /** How many writes to sysctls of the endpoint were counted since it was sealed; null where they are not counted. */
  sysctlWrites(id: string): bigint | null {
    const seal = this.#seals.get(id);
    if (seal === undefined || this.#watch === null) return null;
    return this.#watch.writes(seal.netnsInode) - seal.ownWrites;
  }

  /** The daemon itself wrote to sysctls of the endpoint, to empty caches. */
  wrote(id: string, writes: number): void {
    const seal = this.#seals.get(id);
    if (seal !== undefined) seal.ownWrites += BigInt(writes);
  }

  forget(id: string): void {
    const seal = this.#seals.get(id);
    if (seal === undefined) return;
    this.#seals.delete(id);
    seal.listener.close();
    this.#watch?.end(seal.netnsInode);
  }

  close(): void {
    for (const id of [...this.#seals.keys()]) this.forget(id);
    this.#watch?.close();
    if (this.#filterFd !== null) closeFd(this.#filterFd);
  }
}

function listen(listener: ChangeListener): string | null {
  const heard = listener.heard();
  if (heard.what === 'nothing') return null;
  return heard.what === 'lost' ? 'announcements were lost' : `message ${heard.type} of rtnetlink was heard`;
}

function attempt<T>(open: () => T): { value: T | null; error: string | null } {
  try {
    return { value: open(), error: null };
  } catch (error) {
    return { value: null, error: error instanceof Error ? error.message : String(error) };
  }
}
