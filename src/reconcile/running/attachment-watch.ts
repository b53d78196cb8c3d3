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
  /** The lease's id, from its file. */
  readonly lease: string;
  /** Since when its target has not shown the network, on the monotonic clock; null: it does. */
  readonly goneSinceMs: number | null;
  /** DEL said so: there is no time to wait. */
  readonly ended: boolean;
  /** Processes are in the namespace into which it was grafted. */
  readonly inside: boolean;
  /** How long it must have been gone: the minute, or its pool's own time once that was asked for. */
  graceMs: number;
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
      files.list().map((attachment): [string, Seen] => {
        const { key, lease, target, targetInode, delivery, ended } = attachment;
        const inside = delivery === 'graft' && (users.get(targetInode) ?? []).length > 0;
        const rest = { lease, ended, inside };
        if (isShown(attachment, netnsSeenAt(target))) return [key, { ...rest, goneSinceMs: null, graceMs: GRACE_MS }];
        const before = this.#seen.get(key);
        // The plugin has written another lease into it since: its time starts anew.
        const isSame = before !== undefined && before.lease === lease;
        const { goneSinceMs, graceMs } = isSame ? before : { goneSinceMs: null, graceMs: GRACE_MS };
        return [key, { ...rest, goneSinceMs: goneSinceMs ?? nowMs, graceMs }];
      }),
    );
  }

  /** Whether the lease of this record is over; `goneAfterMs`: the pool's own time, if that is shorter. */
  isOver({ lease }: EndpointRecord, { nowMs, goneAfterMs }: { nowMs: number; goneAfterMs: number }): boolean {
    const seen = this.#seen.get(lease?.containerId ?? '');
    if (seen === undefined) return false;
    seen.graceMs = goneAfterMs > 0 ? Math.min(goneAfterMs, GRACE_MS) : GRACE_MS;
    return !seen.inside && isGoneFor(seen, nowMs);
  }

  /** Removes the files of attachments that are over and have no lease any more; after a minute where they never had one. */
  removeEnded({ nowMs, leased }: { nowMs: number; leased: ReadonlySet<string | null> }): void {
    for (const [key, seen] of this.#seen)
      if (!leased.has(key) && isGoneFor(seen, nowMs)) this.#options.files.remove(key);
  }
}

function isGoneFor({ goneSinceMs, graceMs, ended }: Seen, nowMs: number): boolean {
  return goneSinceMs !== null && (ended || nowMs - goneSinceMs >= graceMs);
}
