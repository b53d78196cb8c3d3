import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../src/errors.js';
import type { Lease } from '../../src/pool/types.js';
import { CrashDaemon, type Pass } from './daemon.js';
import { descriptors, look } from './eyes.js';
import type { PlannedFault } from './faults/types.js';
import { Guest } from './guest.js';
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
  /** Leases that were answered and whose release was not asked for. */
  readonly #answered = new Map<string, Lease>();
  /** What was wrong before: it is told of once, with the fault that did it. */
  readonly #told = new Set<string>();
  #descriptors = { pid: 0, all: 0 };
  readonly #shelf: ShelfTaker;

  constructor(place: number) {
    this.daemon = new CrashDaemon({ place, minReady: 3 });
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
          lost.push(...(await this.#lost()));
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
      await this.#releaseAll();
      await this.daemon.settled();
      await this.daemon.client.acquire({ containerId: 'extra' }).then((lease) => this.#note(lease as Lease));
      await this.daemon.settled();
      await this.daemon.end('SIGKILL');
      this.#leaveThingsBehind();
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
    await this.#ask(async () => this.#note((await client.acquire({ containerId: 'warm', ttl: 600 })) as Lease));
    await this.#ask(async () => {
      for (const lease of await client.acquireMany({ count: minReady + 1 })) this.#note(lease as Lease);
    });
    await this.#releaseAll();
    await this.daemon.settled();
    await this.#laidOut(10_000);
    await this.#takeFromShelf();
    await this.#releaseAll();
    await this.daemon.settled();
    await this.#ask(() => client.resizePool('default', { minReady: minReady + 1 }));
    for (let turn = 0; turn < 200 && this.daemon.alive; turn++) {
      if ((await client.status().catch(() => undefined))?.pools[0]?.ready === minReady + 1) break;
      await delay(5);
    }
    await this.#ask(() => client.resizePool('default', { minReady }));
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
    if (asked !== undefined) this.#note({ id: asked.id, netns: { path: asked.path } } as Lease);
    const standing = this.#shelf.take('stands') !== undefined;
    if (this.#shelf.take('passes') !== undefined) this.#shelf.giveBack('passes');
    await this.#ask(() => this.daemon.client.leases());
    if (standing) this.#shelf.giveBack('stands');
    await this.#ask(() => this.daemon.client.leases());
  }

  /** A daemon that dies, or whose kernel refuses, may fail a request; it must say so in a problem of its own. */
  async #ask(request: () => Promise<unknown>): Promise<void> {
    if (!this.daemon.alive) return;
    try {
      await request();
    } catch (error) {
      const expected = [
        'daemon_unreachable',
        'build_failed',
        'state_write_failed',
        'worker_failed',
        'shutting_down',
      ] as const;
      if (!expected.some((code) => hasCode(error, code))) throw error;
    }
  }

  #note(lease: Lease): void {
    this.#answered.set(lease.id, lease);
  }

  async #releaseAll(): Promise<void> {
    for (const id of [...this.#answered.keys()]) {
      this.#answered.delete(id);
      await this.#ask(() => this.daemon.client.release(id));
    }
  }

  /** Whether the daemon outlived its last fault, which may strike as late as the next request; now it does no more. */
  async #isCalm(): Promise<boolean> {
    if (!this.daemon.alive) return false;
    this.daemon.plan(null);
    return this.daemon.settled();
  }

  /** Leases that were answered and of which the daemon knows nothing. */
  async #lost(): Promise<string[]> {
    const told = new Set((await this.daemon.client.leases()).map(({ id }) => id));
    const lost = [...this.#answered.values()].filter(({ id }) => !told.has(id));
    return lost.map(({ id, netns }) => `the lease ${id} of ${netns.path} is lost`);
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
    this.#answered.clear();
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
    if (this.#descriptors.pid !== this.daemon.pid) await this.#laidOut(60_000);
    // The files of leases and what runs the request path warm come behind; nothing tells when they are done.
    for (const end = Date.now() + 180_000; ; await delay(50)) {
      const wrong = (await this.#lookOnce()).filter((what) => !this.#told.has(what));
      if (wrong.length > 0 && Date.now() < end) continue;
      for (const what of wrong) this.#told.add(what);
      return wrong;
    }
  }

  async #lookOnce(): Promise<string[]> {
    const { endpoints, wrong } = await look(this.daemon.stateDir);
    const told = await this.daemon.client.leases();
    const leased = endpoints.filter(({ state }) => state === 'leased');
    const ids = (list: readonly (string | null)[]) => [...list].sort().join();
    if (ids(leased.map(({ leaseId }) => leaseId)) !== ids(told.map(({ id }) => id)))
      wrong.push(
        `the API tells of ${ids(told.map(({ id }) => id))}, the records of ${ids(leased.map(({ leaseId }) => leaseId))}`,
      );
    for (const lease of [this.#runner as Lease, ...this.#answered.values()]) {
      const stands = leased.find(({ leaseId }) => leaseId === lease.id);
      if (stands?.path !== lease.netns.path) wrong.push(`the lease ${lease.id} of ${lease.netns.path} is lost`);
    }
    const ready = endpoints.length - leased.length;
    if (ready !== this.daemon.minReady) wrong.push(`${ready} are ready`);
    this.#countDescriptors(wrong);
    return wrong;
  }

  /** At rest a daemon holds three namespaces, the kernel thread's own two and the vault; and one that lives on no more files than before. */
  #countDescriptors(wrong: string[]): void {
    const { pid } = this.daemon;
    const { namespaces, all } = descriptors(pid);
    if (namespaces !== 3) wrong.push(`${namespaces} namespaces are held open`);
    // The first look may come while more are open than at rest, and not while fewer are: see `#laidOut`.
    if (this.#descriptors.pid !== pid || all < this.#descriptors.all) this.#descriptors = { pid, all };
    if (all > this.#descriptors.all + 4) wrong.push(`${all} descriptors, before ${this.#descriptors.all}`);
  }

  /** What a daemon that died at a bad moment may leave, and what others may put there. */
  #leaveThingsBehind(): void {
    const { stateDir, netnsDir } = this.daemon;
    const { instanceId: instance } = JSON.parse(readFileSync(join(stateDir, 'site.json'), 'utf8')) as {
      instanceId: string;
    };
    const ready = readdirSync(join(stateDir, 'ready'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(stateDir, 'ready', name));
    const [first, second, third] = ready.map((path) => ({ path, record: JSON.parse(readFileSync(path, 'utf8')) }));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error(`${ready.length} are ready`);
    const write = (state: string, name: string, text: string) =>
      writeFileSync(join(stateDir, state, name), text, { mode: 0o600 });
    // Released and not gone yet.
    const { id } = first.record;
    write('dirty', `${id}.json`, `${JSON.stringify({ ...first.record, state: 'dirty', reason: 'released' })}\n`);
    rmSync(first.path);
    // Leased, with the older file left beside the newer one.
    const lease = {
      id: randomBytes(8).toString('hex'),
      containerId: 'noted',
      tenant: 'default',
      source: 'warm',
      acquiredAt: new Date().toISOString(),
      expiresAt: null,
      trust: 'unknown',
    };
    const noted = { ...second.record, revision: second.record.revision + 1_000_000, state: 'leased', lease };
    write('leased', `${noted.id}.json`, `${JSON.stringify(noted)}\n`);
    this.#note({ id: lease.id, netns: noted.facts.netns } as Lease);
    // Taken from the shelf, of which no daemon has heard; and what netnsd-runc leaves that is killed before it takes.
    const { facts } = third.record;
    const entry = JSON.stringify({ token: `${third.record.id}.left`, pool: 'default', ...facts });
    const taken = { id: randomBytes(8).toString('hex'), netns: facts.netns };
    symlinkSync(entry, join(stateDir, 'shelf', 'taken', 'left'));
    write(join('shelf', 'holders'), 'left', `{"lease":"${taken.id}","pid":1}\n{}`);
    write(join('shelf', 'holders'), 'cut-short', '{"lea');
    this.#note(taken as Lease);
    // Meant to be built; cut short while written; of no pool; no record at all.
    write(
      'building',
      'default-0.json',
      JSON.stringify({ ...first.record, id: 'default-0', seq: 0, index: 900, state: 'building', facts: null }),
    );
    write('ready', '.default-0.new', '{"ver');
    write('ready', 'notes.txt', 'mine');
    // A mount point without a namespace, and paths that lead to it and nowhere.
    writeFileSync(`${netnsDir}/../ns/gone-1`, '');
    for (const id of ['gone-1', 'gone-2']) symlinkSync(`../ns/${id}`, `${netnsDir}/${id}.0123456789abcdef`);
    spawnSync('ip', ['link', 'add', `nd${instance}-zz`, 'type', 'veth', 'peer', 'name', `nd${instance}-zy`]);
    renameSync(join(stateDir, 'site.json'), join(stateDir, 'site.json.new'));
  }
}
