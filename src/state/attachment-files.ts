import fs from 'node:fs';
import { join } from 'node:path';
import { ATTACHMENTS } from './layout.js';
import { entriesOf } from './own-file.js';
import type { LeaseAttachment } from './record.js';

/** A container's id, and the mark of network and interface. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9_.-]*@[0-9a-f]{8}$/;
const DELIVERIES = ['none', 'overlay', 'graft'] as const;

/** What netnsd-cni did to a network namespace that a container runtime made; see docs/cni.md. */
export interface Attachment extends LeaseAttachment {
  /** Names the file; the lease's container id. */
  readonly key: string;
  readonly containerId: string;
  /** Inode of the runtime's namespace, which is at `target`. */
  readonly targetInode: number;
  /** Inode of the endpoint's namespace; 0: none was taken yet. */
  readonly netnsInode: number;
}

const UNWRITTEN = {
  ...{ network: '', containerId: '', ifname: '', target: '/', targetInode: 0, netnsInode: 0 },
  delivery: 'none',
} as const;

/** The files of netnsd-cni, in `STATE_DIR/attachments/KEY`. The plugin writes and removes them; the daemon ends what it left. */
export class AttachmentFiles {
  readonly #directory: string;

  /** `directory` is the state directory. */
  constructor(directory: string) {
    this.#directory = join(directory, ATTACHMENTS);
  }

  /** All that can be read. Files that are being written have hidden names: they count as attachments that had not come so far. */
  list(): Attachment[] {
    return entriesOf(this.#directory).flatMap((key) =>
      key.startsWith('.') ? { ...UNWRITTEN, key } : (readAttachment(key, join(this.#directory, key)) ?? []),
    );
  }

  /** That of a lease, by its container id; undefined: it has none. */
  read(key: string): Attachment | undefined {
    return KEY.test(key) ? readAttachment(key, join(this.#directory, key)) : undefined;
  }

  /** Removes one; none is no error. */
  remove(key: string): void {
    fs.rmSync(join(this.#directory, key), { force: true });
  }
}

/** The attachment in a file, or undefined if there is none. */
function readAttachment(key: string, path: string): Attachment | undefined {
  try {
    return parseAttachment(key, fs.readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined for a text that is no attachment. */
export function parseAttachment(key: string, text: string): Attachment | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return undefined;
  const { network, containerId, ifname, target, targetInode, delivery, netnsInode } = fields;
  if (![network, containerId, ifname, target].every((value) => typeof value === 'string')) return undefined;
  if (![targetInode, netnsInode].every(Number.isSafeInteger)) return undefined;
  if (!DELIVERIES.some((one) => one === delivery)) return undefined;
  return { key, network, containerId, ifname, target, targetInode, delivery, netnsInode } as Attachment;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
