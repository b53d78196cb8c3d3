import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hostTable } from '../../endpoint/network/host-rules.js';
import { mappingElements, type PortMapping, readMappings } from '../../endpoint/network/port-mappings.js';
import type { Site } from '../../endpoint/types.js';
import { errnoOf } from '../../kernel/errno.js';
import { lockFolder } from '../../kernel/file-lock.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { NETLINK_PROTOCOL } from '../../kernel/netlink/protocol.js';
import { ATTACHMENTS, AttachmentFiles } from '../../state/index.js';

/** How often the lock is asked for, in milliseconds: netnsd-cni holds it for less. */
const PAUSE_MS = 2;

/** What of the pools it takes to tell which attachments have a lease. */
export interface LeaseSource {
  collect(): void;
  leases(): readonly { readonly id: string }[];
}

/**
 * The port mappings of pods, as the files of netnsd-cni name them. It writes them into the host's table by itself, under a lock; the daemon adds
 * them again where the table was lost.
 */
export class PortMappings {
  readonly #site: Site;
  readonly #files: AttachmentFiles;
  #leases: LeaseSource | null = null;

  constructor(site: Site) {
    this.#site = site;
    this.#files = new AttachmentFiles(site.stateDir);
  }

  /** From here on those whose lease has ended do not count, though their file may be there still. */
  follow(leases: LeaseSource): void {
    this.#leases = leases;
  }

  wanted(): PortMapping[] {
    const files = this.#files.list().filter(({ mappings }) => mappings.length > 0);
    if (files.length === 0 || this.#leases === null) return files.flatMap(({ mappings }) => mappings);
    // A lease is on the shelf before its attachment names it.
    this.#leases.collect();
    const leased = new Set(this.#leases.leases().map(({ id }) => id));
    return files.filter(({ lease }) => leased.has(lease)).flatMap(({ mappings }) => mappings);
  }

  /** Whether the table has what it should have. Throws kernel_error. */
  areThere(): boolean {
    using socket = NetlinkSocket.open({ protocol: NETLINK_PROTOCOL.netfilter });
    return textOf(readMappings(socket, hostTable(this.#site))) === textOf(this.wanted());
  }

  /** Runs while no netnsd-cni changes mappings. */
  async locked<T>(act: () => T | Promise<T>): Promise<T> {
    using _lock = await this.#lock();
    return await act();
  }

  async #lock(): Promise<Disposable> {
    for (;;) {
      try {
        const lock = lockFolder(join(this.#site.stateDir, ATTACHMENTS));
        if (lock !== null) return lock;
      } catch (error) {
        // No netnsd-cni has run here.
        if (errnoOf(error) !== 'ENOENT') throw error;
        return { [Symbol.dispose]: () => undefined };
      }
      await delay(PAUSE_MS);
    }
  }
}

function textOf(mappings: Iterable<PortMapping>): string {
  const elements = Object.entries(mappingElements(mappings)).flatMap(([map, list]) =>
    list.map((one) => `${map} ${one}`),
  );
  return elements.sort().join('\n');
}
