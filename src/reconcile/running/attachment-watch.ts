import type { EndpointRecord } from '../../pool/types.js';
import type { Attachment } from '../../state/index.js';

/** Longest time for which a lease outlives the namespace to which netnsd-cni gave it, in milliseconds. */
const GRACE_MS = 60_000;

export interface AttachmentOptions {
  readonly files: { list(): readonly Attachment[]; remove(key: string): void };
  /** Inodes of the network namespaces that a path shows. */
  readonly netnsSeenAt: (path: string) => readonly number[];
}

/** One attachment, by the last survey. */
interface Seen {
  /** Since when its target has not shown the network, on the monotonic clock; null: it does. */
  readonly goneSinceMs: number | null;
  /** DEL said so: there is no time to wait. */
  readonly ended: boolean;
  /** Processes are in the namespace into which it was grafted. */
  readonly inside: boolean;
}

/** Whether a target still shows what netnsd-cni put there: the endpoint's namespace, or the one that has its interface. Pure. */
export function isShown(attachment: Attachment, inodes: readonly number[]): boolean {
  switch (attachment.delivery) {
    case 'overlay':
      return inodes.includes(attachment.netnsInode);
    case 'graft':
      return inodes.includes(attachment.targetInode);
    case 'none':
      return false;
  }
}

/**
 * Finds leases of netnsd-cni that have nothing left to serve: the runtime removed its namespace and DEL never came, or the plugin was
 * killed on its way. The grace starts with the first survey that finds it so.
 */
export class AttachmentWatch {
  readonly #options: AttachmentOptions;
  #seen = new Map<string, Seen>();

  constructor(options: AttachmentOptions) {
    this.#options = options;
  }

  survey({ nowMs, users }: { nowMs: number; users: ReadonlyMap<number, readonly number[]> }): void {
    const { files, netnsSeenAt } = this.#options;
    this.#seen = new Map(
      files.list().map((attachment) => {
        const { key, target, targetInode, delivery, ended } = attachment;
        const shown = isShown(attachment, netnsSeenAt(target));
        const inside = delivery === 'graft' && (users.get(targetInode) ?? []).length > 0;
        return [key, { goneSinceMs: shown ? null : (this.#seen.get(key)?.goneSinceMs ?? nowMs), ended, inside }];
      }),
    );
  }

  /** Whether the lease of this record is over; `goneAfterMs`: the pool's own time, if that is shorter. */
  isOver({ lease }: EndpointRecord, { nowMs, goneAfterMs }: { nowMs: number; goneAfterMs: number }): boolean {
    const seen = this.#seen.get(lease?.containerId ?? '');
    const graceMs = goneAfterMs > 0 ? Math.min(goneAfterMs, GRACE_MS) : GRACE_MS;
    return seen !== undefined && !seen.inside && isGoneFor(seen, nowMs, graceMs);
  }

  /** Removes the files of attachments that are over and have no lease any more. */
  removeEnded({ nowMs, leased }: { nowMs: number; leased: ReadonlySet<string | null> }): void {
    for (const [key, seen] of this.#seen)
      if (!leased.has(key) && isGoneFor(seen, nowMs, GRACE_MS)) this.#options.files.remove(key);
  }
}

function isGoneFor({ goneSinceMs, ended }: Seen, nowMs: number, graceMs: number): boolean {
  return goneSinceMs !== null && (ended || nowMs - goneSinceMs >= graceMs);
}
