import type { Lease } from '../../src/pool/types.js';
import type { CrashDaemon } from './daemon.js';
import { descriptors, look } from './eyes.js';

/** Compares a daemon at rest, as an independent eye sees it, with what it answered. */
export class Inspection {
  readonly #daemon: CrashDaemon;
  #descriptors = { pid: 0, all: 0 };

  constructor(daemon: CrashDaemon) {
    this.#daemon = daemon;
  }

  /** Whether this daemon was never looked at. */
  get isFirst(): boolean {
    return this.#descriptors.pid !== this.#daemon.pid;
  }

  /** What is wrong now, of a daemon that must hold exactly these leases. */
  async look(leases: readonly Lease[]): Promise<string[]> {
    const { endpoints, wrong } = await look(this.#daemon.stateDir);
    const told = await this.#daemon.client.leases();
    const leased = endpoints.filter(({ state }) => state === 'leased');
    const ids = (list: readonly (string | null)[]) => [...list].sort().join();
    if (ids(leased.map(({ leaseId }) => leaseId)) !== ids(told.map(({ id }) => id)))
      wrong.push(
        `the API tells of ${ids(told.map(({ id }) => id))}, the records of ${ids(leased.map(({ leaseId }) => leaseId))}`,
      );
    for (const lease of leases) {
      const stands = leased.find(({ leaseId }) => leaseId === lease.id);
      if (stands?.path !== lease.netns.path) wrong.push(`the lease ${lease.id} of ${lease.netns.path} is lost`);
    }
    const ready = endpoints.length - leased.length;
    if (ready !== this.#daemon.minReady) wrong.push(`${ready} are ready`);
    this.#countDescriptors(wrong);
    return wrong;
  }

  /** At rest a daemon holds four namespaces, the kernel thread's own two, the vault and the hub; and one that lives on no more files than before. */
  #countDescriptors(wrong: string[]): void {
    const { pid } = this.#daemon;
    const { namespaces, all } = descriptors(pid);
    if (namespaces !== 4) wrong.push(`${namespaces} namespaces are held open`);
    // The first look may come while more are open than at rest, and not while fewer are: see `Lane.#laidOut`.
    if (this.#descriptors.pid !== pid || all < this.#descriptors.all) this.#descriptors = { pid, all };
    if (all > this.#descriptors.all + 4) wrong.push(`${all} descriptors, before ${this.#descriptors.all}`);
  }
}
