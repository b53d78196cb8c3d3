import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../src/bench/sizing/random.js';
import { hasCode } from '../../src/errors.js';
import { CrashDaemon } from './daemon.js';
import { look } from './eyes.js';
import { Guest } from './guest.js';
import { ShelfTaker, type Taken } from './shelf-taker.js';

export interface StormOptions {
  readonly seed: number;
  readonly kills: number;
  readonly clients: number;
}

export interface StormReport {
  readonly kills: number;
  readonly acquired: number;
  readonly released: number;
  readonly wrong: readonly string[];
}

/** An answered lease in the ledger of the client that holds it; times by the machine's clock, in milliseconds. */
interface Entry {
  readonly client: number;
  readonly id: string;
  readonly path: string;
  readonly answeredAtMs: number;
  /** When its release was first asked for; from then on another lease may have the endpoint. */
  releasedAtMs: number;
}

/** Containers whose processes run throughout. */
const GUESTS = 3;
/** The longest time that a daemon lives, from its first answer on, in milliseconds; some are killed before it. */
const LONGEST_LIFE_MS = 250;

/** How many leases each client holds to the end. */
const KEPT = 2;

/**
 * Clients acquire and release while the daemon is killed by SIGKILL and started again. What each client does and how
 * long each daemon lives follows from the seed; how the two meet is the machine's. At the end everything is at rest, and
 * what is there is held against what the clients were told.
 */
export class Storm {
  readonly #options: StormOptions;
  readonly #daemon = new CrashDaemon({ place: 50, minReady: 8, max: 64 });
  readonly #shelf = new ShelfTaker(this.#daemon.stateDir);
  readonly #ledger: Entry[] = [];
  readonly #guests: { readonly entry: Entry; readonly guest: Guest }[] = [];
  readonly #wrong: string[] = [];
  #probe: Promise<void> | null = null;
  #over = false;

  constructor(options: StormOptions) {
    this.#options = options;
  }

  async run(): Promise<StormReport> {
    const { seed, kills, clients } = this.#options;
    await using daemon = this.#daemon;
    await daemon.start({ faults: false });
    await daemon.settled();
    for (let i = 0; i < GUESTS; i += 1) await this.#settleGuest(i);
    const random = new Random(seed);
    const busy = Array.from({ length: clients }, (_, i) => this.#client(i, new Random(seed + 1 + i)));
    let killed = 0;
    // Only those count that were met alive.
    const kill = async (): Promise<void> => {
      if (await daemon.kill()) killed += 1;
    };
    while (killed < kills) {
      // One in five dies while it starts, wherever it is then.
      if (random.next() < 0.2) {
        if (daemon.alive) await kill();
        const starting = daemon.start({ faults: false });
        await delay(random.next() * 400);
        await kill();
        await starting;
        continue;
      }
      if (!daemon.alive && !(await daemon.start({ faults: false })))
        this.#wrong.push(`a start failed with status ${await daemon.ended()}:\n${daemon.log()}`);
      await delay(random.next() * LONGEST_LIFE_MS);
      await kill();
    }
    this.#over = true;
    await daemon.start({ faults: false });
    await Promise.all(busy);
    await this.#judge();
    const released = this.#ledger.filter(({ releasedAtMs }) => releasedAtMs < Number.POSITIVE_INFINITY).length;
    return { kills: killed, acquired: this.#ledger.length, released, wrong: this.#wrong };
  }

  /** The process of a container that nothing of this is to reach. */
  async #settleGuest(place: number): Promise<void> {
    const { id, netns, addresses } = await this.#daemon.client.acquire({ containerId: `guest-${place}` });
    const entry = { client: -1 - place, id, path: netns.path, answeredAtMs: Date.now(), releasedAtMs: Infinity };
    this.#ledger.push(entry);
    this.#guests.push({ entry, guest: new Guest(netns.path, addresses[0]?.gateway as string) });
  }

  /**
   * Acquires, holds, releases, over and over; asks again for what was asked of a daemon that died. Every other time, about, it
   * takes from the shelf, if anything lies there, and gives back there.
   */
  async #client(number: number, random: Random): Promise<void> {
    let kept = 0;
    for (let round = 0; !this.#over; round += 1) {
      const containerId = `client-${number}-${round}`;
      const taken = random.next() < 0.5 ? this.#shelf.take(containerId) : undefined;
      const lease = taken ?? (await this.#acquire(containerId));
      if (lease === undefined) {
        await this.#insist(() => this.#daemon.client.releaseContainer(containerId));
        continue;
      }
      const entry: Entry = {
        client: number,
        id: lease.id,
        path: lease.path,
        answeredAtMs: Date.now(),
        releasedAtMs: Infinity,
      };
      this.#ledger.push(entry);
      await delay(random.next() * 60);
      // Some leases are held to the end.
      if (kept < KEPT && random.next() < 0.05) {
        kept += 1;
        continue;
      }
      entry.releasedAtMs = Date.now();
      if (taken !== undefined && this.#shelf.giveBack(containerId)) continue;
      await this.#insist(() => this.#daemon.client.release(lease.id));
    }
  }

  async #acquire(containerId: string): Promise<Taken | undefined> {
    const lease = await this.#insist(() => this.#daemon.client.acquire({ containerId, wait: 5 }));
    return lease && { id: lease.id, path: lease.netns.path };
  }

  /** Asks until the daemon answers; undefined when the pool is empty. */
  async #insist<T>(ask: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (hasCode(error, 'pool_exhausted')) return undefined;
        if (!hasCode(error, 'daemon_unreachable') && !hasCode(error, 'deadline_exceeded')) {
          this.#wrong.push(`a client was told: ${String(error)}`);
          return undefined;
        }
        await this.#answering();
      }
    }
  }

  /** Resolves when a daemon answers: one asks for all, so that those who wait take no processor from the daemon that starts. */
  #answering(): Promise<void> {
    this.#probe ??= (async () => {
      do await delay(10);
      while (!(await this.#daemon.answers()));
      this.#probe = null;
    })();
    return this.#probe;
  }

  async #judge(): Promise<void> {
    this.#doubles();
    await this.#daemon.settled();
    for (const end = Date.now() + 180_000; ; await delay(50)) {
      const wrong = await this.#atRest();
      if (wrong.length > 0 && Date.now() < end) continue;
      this.#wrong.push(...wrong);
      break;
    }
    for (const { entry, guest } of this.#guests) {
      const { sent, answered } = await guest.end();
      if (!(sent > 0 && sent - answered <= 1)) this.#wrong.push(`guest in ${entry.path}: ${answered} of ${sent} pings`);
    }
    if (this.#wrong.length > 0) this.#wrong.push(this.#daemon.log());
  }

  /** Two clients that held one namespace, or one lease, at the same time. */
  #doubles(): void {
    const last = new Map<string, Entry>();
    for (const entry of [...this.#ledger].sort((a, b) => a.answeredAtMs - b.answeredAtMs)) {
      const before = last.get(entry.path);
      if (before !== undefined && before.releasedAtMs > entry.answeredAtMs)
        this.#wrong.push(`double: ${JSON.stringify(before)} and ${JSON.stringify(entry)}`);
      last.set(entry.path, entry);
    }
    const ids = new Set(this.#ledger.map(({ id }) => id));
    if (ids.size < this.#ledger.length) this.#wrong.push('two answers had one lease id');
  }

  /** What stands is what clients hold, whole, and nothing else. */
  async #atRest(): Promise<string[]> {
    const { endpoints, wrong } = await look(this.#daemon.stateDir);
    const held = new Map(
      this.#ledger.filter(({ releasedAtMs }) => releasedAtMs === Infinity).map((one) => [one.id, one]),
    );
    for (const { leaseId, state, path, containerId } of endpoints) {
      if (state !== 'leased') continue;
      const entry = held.get(leaseId as string);
      if (entry === undefined)
        wrong.push(`${containerId} holds ${leaseId}, which no client was told of, or which was released`);
      else if (entry.path !== path) wrong.push(`${leaseId} was of ${entry.path} and is of ${path}`);
      held.delete(leaseId as string);
    }
    for (const { id, client } of held.values()) wrong.push(`the lease ${id} of client ${client} is lost`);
    const ready = endpoints.filter(({ state }) => state === 'ready').length;
    if (ready !== this.#daemon.minReady) wrong.push(`${ready} are ready`);
    return wrong;
  }
}
