import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ApiLease, ApiPoolStatus } from '../../../src/api/schemas/index.js';
import { hasCode } from '../../../src/errors.js';
import { mountsBelow } from '../../runtime/eye.js';
import { CrashDaemon } from '../daemon.js';
import { look } from '../eyes.js';
import { cookieOf } from './inside.js';
import { Known } from './known.js';
import { connectionsOf, Readings } from './readings.js';
import type { Tally } from './tally.js';
import { unjudged } from './unjudged.js';

const SIZE = { minReady: 2, max: 6 };
/** Makes the daemon's subnet the one that the hostile ways speak of. */
const PLACE = 113;
const SUBNET = '10.213.0.0/16';
/** Where the host answers containers, and ends the connection. */
const PORT = 7001;
const DEADLINE_MS = 180_000;
const run = promisify(execFile);
/** What a daemon may answer whose kernel thread is gone. */
const ENDING = ['daemon_unreachable', 'deadline_exceeded', 'worker_failed', 'shutting_down', 'build_failed'] as const;
const WATCH = `table inet watch {
  chain in { type filter hook input priority 0; ct state new counter; }
}`;

/**
 * A real daemon, those who lease from it, and what they know: which namespaces they had and what became of them. What is
 * wrong is thrown.
 */
export class World implements AsyncDisposable {
  readonly daemon = new CrashDaemon({ place: PLACE, ...SIZE });
  readonly tally: Tally;
  readonly #known = new Map<bigint, Known>();
  readonly #readings = new Readings(SUBNET, this.daemon);
  readonly #judged = new Set<string>();
  readonly #server = createServer((_, response) => response.setHeader('connection', 'close').end('a page'));
  #size = SIZE;
  #acquires = 0;

  constructor(tally: Tally) {
    this.tally = tally;
  }

  /** Starts the daemon and reads from its first endpoint, which is unused, what pristine is. */
  async open(): Promise<void> {
    // The host shall track connections.
    await run('nft', [WATCH]);
    await run('conntrack', ['-F']);
    this.#server.listen(PORT);
    if (!(await this.daemon.start())) throw new Error('the daemon does not start');
    await this.quiet();
    const lease = await this.daemon.client.acquire();
    const known = new Known(lease, cookieOf(lease.netns.path));
    await this.#readings.take(known);
    await this.daemon.client.release(lease.id);
  }

  get known(): Known[] {
    return [...this.#known.values()];
  }

  get leased(): Known[] {
    return this.known.filter(({ lease }) => lease !== null);
  }

  /** Leases an endpoint, if the pool has one; it must be pristine. */
  async acquire(terms: { tenant: string; trust?: 'unprivileged' | 'privileged' | undefined }): Promise<void> {
    const containerId = `container-${this.#acquires++}`;
    const lease = await this.insist(() => this.daemon.client.acquire({ containerId, ...terms })).catch((error) => {
      if (!hasCode(error, 'pool_exhausted')) throw error;
      this.tally.add('pool exhausted');
    });
    if (lease === undefined) return;
    const cookie = cookieOf(lease.netns.path);
    const known = this.#known.get(cookie) ?? new Known(lease, cookie);
    if (this.#known.has(cookie)) this.tally.add('leased again');
    assertNothing(known.wrongAs(lease));
    this.#known.set(cookie, known);
    known.given(lease);
    assertNothing((await connectionsOf(known.address)).map((line) => `${known.id}: the host tracks ${line}`));
    const deviations = await this.#readings.deviations(known);
    assertNothing(deviations.map((text) => `${known.id} is not as a fresh one: ${text}: ${known.story.join('; ')}`));
  }

  /** Gives an endpoint back; refused while a process is inside, unless forced. */
  async release(known: Known, force: boolean): Promise<void> {
    const { id } = known.lease as ApiLease;
    const { pids } = known.occupation;
    if (pids.length > 0 && !force) {
      const refusal = await this.insist(() => this.daemon.client.release(id)).catch((error: unknown) => error);
      if (!hasCode(refusal, 'lease_in_use'))
        throw new Error(`${known.id} was released with ${pids} inside: ${refusal}`);
      this.tally.add('release refused');
      return;
    }
    await this.insist(() => this.daemon.client.release(id, { force }));
    known.released();
  }

  async resize(size: { minReady: number; max: number }): Promise<void> {
    await this.insist(() => this.daemon.client.resizePool('default', size));
    this.#size = size;
  }

  /** The daemon dies as from outside, and the next one starts. */
  async kill(): Promise<void> {
    if (this.daemon.alive) await this.daemon.end('SIGKILL');
    await this.#revive();
  }

  /** Asks until a daemon answers: of one that ends meanwhile the next one is asked the same. */
  async insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      if (!this.daemon.alive) await this.#revive();
      try {
        return await ask();
      } catch (error) {
        if (!ENDING.some((code) => hasCode(error, code))) throw error;
        for (const end = Date.now() + DEADLINE_MS; this.daemon.alive; await delay(10))
          if (Date.now() > end || !this.daemon.hasHit()) throw error;
      }
    }
  }

  /** What was not judged when the daemon died is replaced, whatever it looks like; leases stand. */
  async #revive(): Promise<void> {
    this.tally.add('restarts');
    await this.daemon.ended();
    const doomed = unjudged(this.daemon.stateDir);
    for (const known of this.known) {
      if (doomed.includes(known.id)) known.note('not judged when the daemon died', 'left', ['restart']);
      else if (known.lease === null) known.note('there when the daemon died', 'none', ['restart']);
    }
    this.#judged.clear();
    this.#size = SIZE;
    this.daemon.plan(null);
    if (!(await this.daemon.start())) throw new Error('the daemon does not start again');
  }

  /** Resolves when nothing is under way: what was released is verified, except what has a process inside. */
  async quiet(): Promise<void> {
    for (const end = Date.now() + DEADLINE_MS; ; await delay(20)) {
      const pool = await this.#pool();
      const { minReady, max } = this.#size;
      const { ready, leased, dirty, building, destroying, broken } = pool;
      const parked = this.known.filter(({ lease, occupation }) => lease === null && occupation.pids.length > 0).length;
      const missing = Math.min(minReady, max - leased - dirty) - ready;
      if (building + destroying + broken === 0 && dirty === parked && missing <= 0) return;
      if (Date.now() > end) throw new Error(`never at rest, ${parked} being occupied: ${JSON.stringify(pool)}`);
    }
  }

  /** What stands is what was answered, and whatever was replaced was replaced for something that had happened to it. */
  async check(): Promise<void> {
    const standing = await this.insist(() => this.daemon.client.leases());
    const held = this.leased.map(({ lease }) => lease as ApiLease);
    const line = ({ id, netns, tenant }: ApiLease) => `${id} of ${tenant}: ${netns.path}, ${netns.inode}`;
    const [is, was] = [standing.map(line).sort(), held.map(line).sort()];
    if (is.join() !== was.join()) throw new Error(`${is.join('; ')} stand, and not ${was.join('; ')}`);
    const { replacements } = await this.#pool();
    for (const { time, endpoint, kind, text } of replacements) {
      const known = this.known.find(({ id }) => id === endpoint);
      if (this.#judged.has(`${time} ${endpoint}`)) continue;
      this.#judged.add(`${time} ${endpoint}`);
      this.tally.add(`replaced (${kind})`);
      if (known !== undefined && !known.kinds.has(kind))
        throw new Error(`${endpoint} was replaced for ${kind}: ${text}; but: ${known.story.join('; ')}`);
    }
  }

  /** Ends all processes inside and releases all leases; what there is then is whole, and is gone without a trace when it is taken down. */
  async finish(): Promise<void> {
    for (const { occupation } of this.known) await occupation.end();
    for (const known of this.leased) await this.release(known, false);
    await this.quiet();
    await this.check();
    for (const end = Date.now() + DEADLINE_MS; ; await delay(50)) {
      const { wrong } = await look(this.daemon.stateDir);
      if (wrong.length === 0) break;
      if (Date.now() > end) throw new Error(`at rest: ${wrong.join('; ')}`);
    }
    const { instanceId: instance } = JSON.parse(readFileSync(`${this.daemon.stateDir}/site.json`, 'utf8')) as {
      instanceId: string;
    };
    await this.daemon.down();
    const { stdout } = await run('ip', ['-j', 'link']);
    const links = (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname);
    const { stateDir } = this.daemon;
    const left = [...mountsBelow(stateDir), ...links.filter((name) => name !== 'lo' && !isOfAnother(name, instance))];
    if (existsSync(stateDir)) left.push(stateDir);
    assertNothing(left.map((what) => `when all was taken down, ${what} was left`));
  }

  /** Ends whatever of it is still there. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { occupation } of this.known) await occupation.end();
    this.#server.close();
    if (existsSync(this.daemon.stateDir)) await this.daemon.down();
    await this.daemon[Symbol.asyncDispose]();
    await run('nft', ['delete table inet watch']);
  }

  async #pool(): Promise<ApiPoolStatus> {
    const [pool] = await this.insist(() => this.daemon.client.pools());
    return pool as ApiPoolStatus;
  }
}

function assertNothing(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** Whether a link bears the mark of another daemon than that of `instance`. */
function isOfAnother(name: string, instance: string): boolean {
  const [, mark] = /^n[db]([a-z2-7]{4})-/.exec(name) ?? [];
  return mark !== undefined && mark !== instance;
}
