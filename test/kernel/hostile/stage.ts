import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa, execaSync } from 'execa';
import type { Test } from 'tap';
import { EndpointThread } from '../../../src/endpoint/thread/endpoint-thread.js';
import type { NetworkSettings } from '../../../src/endpoint/types.js';
import type { Verdict, VerifyWay } from '../../../src/endpoint/verify/verify.js';
import { endpointName, type FakeHost, fakeHost, SETTINGS } from '../fake-host.js';

/** As long as the pool waits. */
const SETTLED_MS = 100;

/** One endpoint on the stage. */
export interface Victim {
  readonly name: ReturnType<typeof endpointName>;
  readonly netnsInode: number;
  readonly path: string;
}

/** A kernel thread over a fake host, with endpoints to be dirtied one by one; all at the same address, one at a time. */
export class Stage {
  readonly fake: FakeHost;
  readonly #settings: NetworkSettings;
  #thread: EndpointThread;
  #seq = 1;

  static async open(t: Test, settings = SETTINGS): Promise<Stage> {
    const fake = fakeHost(t);
    const stage = new Stage(fake, await Stage.#start(fake, settings), settings);
    t.teardown(() => stage.#thread.close());
    return stage;
  }

  static async #start(fake: FakeHost, settings: NetworkSettings): Promise<EndpointThread> {
    const { site, netnsPath: hostNetnsPath } = fake;
    const thread = await EndpointThread.start({ site, networks: [settings], hostNetnsPath });
    await thread.openVault();
    await thread.open();
    return thread;
  }

  private constructor(fake: FakeHost, thread: EndpointThread, settings: NetworkSettings) {
    this.fake = fake;
    this.#settings = settings;
    this.#thread = thread;
  }

  /**
   * Builds an endpoint, and seals it, unless `sealed` is false; if `settled`, after the kernel has announced all that
   * building it brings about.
   */
  async build({ settled = false, sealed = true } = {}): Promise<Victim> {
    const name = { ...endpointName(this.#seq), index: 0 };
    this.#seq += 1;
    const [outcome] = await this.#thread.build([name], { urgent: false });
    if (!outcome?.ok) throw outcome?.error ?? new Error('nothing was built');
    const { path, inode } = outcome.value.netns;
    const victim = { name, netnsInode: inode, path };
    if (settled) await delay(SETTLED_MS);
    if (sealed) await this.seal(victim);
    return victim;
  }

  async seal(victim: Victim): Promise<void> {
    await this.#thread.seal([victim]);
  }

  /** `sealed`: whether the one who had it got it with its seal. */
  async verify(
    { name, netnsInode }: Victim,
    way: VerifyWay,
    { sealed = true, unprivileged = false } = {},
  ): Promise<Verdict> {
    const [verdict] = await this.#thread.verify([{ name, netnsInode, way, sealed, unprivileged }]);
    return verdict as Verdict;
  }

  async destroy(victim: Victim): Promise<void> {
    const [outcome] = await this.#thread.destroy([victim.name]);
    if (!outcome?.ok) throw outcome?.error ?? new Error('nothing was destroyed');
  }

  /** The worker ends and another one takes over, with these endpoints, which knows of no seal. */
  async restart(victims: readonly Victim[]): Promise<void> {
    await this.#thread.close();
    this.#thread = await Stage.#start(this.fake, this.#settings);
    await this.#thread.adopt(victims.map(({ name }) => ({ ...name, state: 'leased' })));
  }
}

/** Runs commands inside, as root with every capability; throws what a shell would print. */
export function runInside({ path }: Victim, commands: readonly string[]): void {
  for (const command of commands) execaSync('nsenter', [`--net=${path}`, 'sh', '-c', command]);
}

/** Starts a holder (see holder.ts); the returned function ends it and waits until it is gone. */
export async function startHolder(kind: string, { path }: Pick<Victim, 'path'>): Promise<() => Promise<void>> {
  const program = fileURLToPath(new URL('./holder.js', import.meta.url));
  const child = execa('node', [program, kind, path], { reject: false });
  await Promise.race([
    once(child.stdout, 'data'),
    child.then(({ stderr }) => {
      throw new Error(`the holder ended: ${stderr}`);
    }),
  ]);
  return async () => {
    child.stdin.end();
    await child;
  };
}
