import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../../src/pool/types.js';
import { CrashDaemon, type Pass } from './daemon.js';
import type { PlannedFault } from './faults/types.js';
import { Guest } from './guest.js';
import { Inspection } from './inspection.js';
import { LaneClient } from './lane-client.js';
import { leaveThingsBehind } from './leftovers.js';
import { ShelfTaker } from './shelf-taker.js';

/** What the daemon is at while a fault strikes. */
export const PHASES = ['start', 'work', 'stop'] as const;
export type Phase = (typeof PHASES)[number];

const RUNNER = 'runner';

/** What a lap found. */
export interface Finding {
  readonly hit: boolean;
  /** Whether the daemon ended by it. */
  readonly died: boolean;
  readonly wrong: readonly string[];
}

/**
 * One daemon that is led through its life again and again, a fault at a time. A container's process runs in a leased
 * namespace all the while. After each fault everything is looked at, with a fresh daemon if the old one died of it.
 */
export class Lane implements AsyncDisposable {
  readonly daemon: CrashDaemon;
  #guest: Guest | undefined;
  #runner: Lease | undefined;
  readonly #client: LaneClient;
  readonly #inspection: Inspection;
  /** What was wrong before: it is told of once, with the fault that did it. */
  readonly #told = new Set<string>();
  readonly #shelf: ShelfTaker;

  constructor(place: number) {
    this.daemon = new CrashDaemon({ place, minReady: 3 });
    this.#client = new LaneClient(this.daemon);
    this.#inspection = new Inspection(this.daemon);
    this.#shelf = new ShelfTaker(this.daemon.stateDir);
  }

  /** The first start, on nothing, and the container's lease. */
  async open(): Promise<Pass[]> {
    if (!(await this.daemon.start()) || !(await this.daemon.settled())) throw new Error(this.daemon.log());
    const passes = this.daemon.passes();
    this.#runner = (await this.daemon.client.acquire({ containerId: RUNNER })) as Lease;
    this.#guest = new Guest(this.#runner.netns.path, this.#runner.addresses[0]?.gateway as string);
    await this.daemon.settled();
    return passes;
  }

  /** One phase without a fault: what it passes. */
  async record(phase: Phase): Promise<Pass[]> {
    if (!this.daemon.alive) await this.#startClean();
    await this.#through(phase, null);
    const passes = this.daemon.passes();
    const { wrong } = await this.#conclude();
    if (wrong.length > 0) throw new Error(`without a fault, after ${phase}: ${wrong.join('; ')}\n${this.daemon.log()}`);
    return passes;
  }

  /** One phase with a fault in it, and all that is wrong afterwards. */
  async strike(phase: Phase, fault: PlannedFault): Promise<Finding> {
    this.daemon.note(`${phase}: ${JSON.stringify(fault)}`);
    if (!this.daemon.alive) await this.#startClean();
    try {
      await this.#through(phase, fault);
      const hit = this.daemon.hasHit();
      const { died, wrong } = await this.#conclude();
      return { hit, died, wrong: wrong.length === 0 ? wrong : [...wrong, this.daemon.log()] };
    } catch (error) {
      const hit = this.daemon.hasHit();
      await this.#giveUp();
      return { hit, died: !this.daemon.alive, wrong: [String((error as Error).stack)] };
    }
  }

  /**
   * Starts that are cut short one after the other, each on what the one before left; looked at when the last has died.
   * Returns, for each, whether it was hit.
   */
  async strikeStarts(faults: readonly PlannedFault[]): Promise<{ hits: boolean[]; wrong: readonly string[] }> {
    const hits: boolean[] = [];
    const lost: string[] = [];
    try {
      if (!this.daemon.alive) await this.#startClean();
      for (const fault of faults) {
        this.daemon.note(`start: ${JSON.stringify(fault)}`);
        if (await this.#isCalm()) {
          lost.push(...(await this.#client.lost()));
          await this.#through('start', fault);
        } else {
          this.daemon.plan(fault);
          if (await this.daemon.start()) await this.daemon.settled();
        }
        hits.push(this.daemon.hasHit());
      }
      const wrong = [...lost, ...(await this.#conclude()).wrong];
      return { hits, wrong: wrong.length === 0 ? wrong : [...wrong, this.daemon.log()] };
    } catch (error) {
      await this.#giveUp();
      return { hits, wrong: [String((error as Error).stack)] };
    }
  }

  /** Ends the container's process; what it missed, if anything. */
  async close(): Promise<string[]> {
    const { sent, answered } = (await this.#guest?.end()) ?? { sent: 0, answered: 0 };
    // The last one may have been on its way when it was ended.
    return sent > 0 && sent - answered <= 1
      ? []
      : [`of ${sent} pings of the running container ${answered} were answered`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest?.end();
    await this.daemon[Symbol.asyncDispose]();
  }

  async #through(phase: Phase, fault: PlannedFault | null): Promise<void> {
    if (phase === 'start') {
      // Those that the starts before have brought: there may be as many of these as the pool has endpoints.
      await this.#client.releaseAll();
      await this.daemon.settled();
      await this.daemon.client.acquire({ containerId: 'extra' }).then((lease) => this.#client.note(lease as Lease));
      await this.daemon.settled();
      await this.daemon.end('SIGKILL');
      for (const lease of leaveThingsBehind(this.daemon)) this.#client.note(lease);
      this.daemon.plan(fault);
      if (await this.daemon.start()) await this.daemon.settled();
      return;
    }
    this.daemon.plan(fault);
    if (phase === 'work') await this.#work();
    else await this.daemon.end('SIGTERM');
  }

  /**
   * A warm lease, several at once of which some are cold, all released; then one endpoint more, and one less.
   */
  async #work(): Promise<void> {
    const { client, minReady } = this.daemon;
    await this.#client.ask(async () =>
      this.#client.note((await client.acquire({ containerId: 'warm', ttl: 600 })) as Lease),
    );
    await this.#client.ask(async () => {
      for (const lease of await client.acquireMany({ count: minReady + 1 })) this.#client.note(lease as Lease);
    });
    await this.#client.releaseAll();
    await this.daemon.settled();
    await this.#laidOut(10_000);
    await this.#takeFromShelf();
    await this.#client.releaseAll();
    await this.daemon.settled();
    await this.#client.ask(() => client.resizePool('default', { minReady: minReady + 1 }));
    for (let turn = 0; turn < 200 && this.daemon.alive; turn++) {
      if ((await client.status().catch(() => undefined))?.pools[0]?.ready === minReady + 1) break;
      await delay(5);
    }
    await this.#client.ask(() => client.resizePool('default', { minReady }));
    await this.daemon.settled();
  }

  /** Endpoints are laid out when they have their seals, which are open descriptors; where something failed, that may never be. */
  async #laidOut(forMs: number): Promise<void> {
    const { minReady } = this.daemon;
    for (const end = Date.now() + forMs; this.#shelf.offers < minReady && this.daemon.alive && Date.now() < end; )
      await delay(10);
  }

  /** One that is given back when it stands, one before the daemon has entered it, and one that is released by asking. */
  async #takeFromShelf(): Promise<void> {
    const asked = this.#shelf.take('asked');
    if (asked !== undefined) this.#client.note({ id: asked.id, netns: { path: asked.path } } as Lease);
    const standing = this.#shelf.take('stands') !== undefined;
    if (this.#shelf.take('passes') !== undefined) this.#shelf.giveBack('passes');
    await this.#client.ask(() => this.daemon.client.leases());
    if (standing) this.#shelf.giveBack('stands');
    await this.#client.ask(() => this.daemon.client.leases());
  }

  /** Whether the daemon outlived its last fault, which may strike as late as the next request; now it does no more. */
  async #isCalm(): Promise<boolean> {
    if (!this.daemon.alive) return false;
    this.daemon.plan(null);
    return this.daemon.settled();
  }

  /** After a step that could not be finished: no lease of its own stands in the way of the next. */
  async #giveUp(): Promise<void> {
    try {
      if (!this.daemon.alive) await this.#startClean();
      this.daemon.plan(null);
      await this.#tidy();
    } catch (error) {
      this.daemon.note(`not tidied: ${String(error)}`);
    }
  }

  async #tidy(): Promise<void> {
    for (const { id, containerId } of await this.daemon.client.leases()) {
      if (containerId !== RUNNER) await this.daemon.client.release(id);
    }
    this.#client.forget();
    await this.daemon.settled();
  }

  async #startClean(): Promise<void> {
    this.daemon.plan(null);
    if (!(await this.daemon.start())) throw new Error(`a start without a fault failed:\n${this.daemon.log()}`);
  }

  /** Starts anew if need be, looks, compares with what was answered, and tidies up for the next fault. */
  async #conclude(): Promise<{ died: boolean; wrong: string[] }> {
    const died = !(await this.daemon.settled());
    if (died) {
      await this.#startClean();
      await this.daemon.settled();
    } else this.daemon.plan(null);
    const wrong = await this.#inspect();
    await this.#tidy();
    rmSync(join(this.daemon.stateDir, 'set-aside'), { recursive: true });
    mkdirSync(join(this.daemon.stateDir, 'set-aside'), { mode: 0o700 });
    return { died, wrong };
  }

  async #inspect(): Promise<string[]> {
    if (this.#inspection.isFirst) await this.#laidOut(60_000);
    // The files of leases and what runs the request path warm come behind; nothing tells when they are done.
    for (const end = Date.now() + 180_000; ; await delay(50)) {
      const wrong = (await this.#inspection.look([this.#runner as Lease, ...this.#client.leases])).filter(
        (what) => !this.#told.has(what),
      );
      if (wrong.length > 0 && Date.now() < end) continue;
      for (const what of wrong) this.#told.add(what);
      return wrong;
    }
  }
}
