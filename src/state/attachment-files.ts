import fs from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { PortMapping } from '../endpoint/network/port-mappings.js';
import { ATTACHMENTS } from './layout.js';
import { entriesOf } from './own-file.js';
import type { LeaseAttachment } from './record.js';

/** A container's id, and the mark of network and interface. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9_.-]*@[0-9a-f]{8}$/;
const PROTOCOLS = ['tcp', 'udp', 'sctp'];
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
  /** The lease's id; empty: none was taken yet. */
  readonly lease: string;
  /** DEL was there while no daemon ran that could end the lease. */
  readonly ended: boolean;
  /** The pod's own. */
  readonly mappings: readonly PortMapping[];
}

const UNWRITTEN = {
  ...{ network: '', containerId: '', ifname: '', target: '/', targetInode: 0, netnsInode: 0, lease: '' },
  ended: false,
  mappings: [],
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
  const { network, containerId, ifname, target, targetInode, delivery, netnsInode, lease } = fields;
  if (![network, containerId, ifname, target, lease].every((value) => typeof value === 'string')) return undefined;
  if (![targetInode, netnsInode].every(Number.isSafeInteger)) return undefined;
  if (!DELIVERIES.some((one) => one === delivery)) return undefined;
  const mappings = mappingsOf(fields);
  if (mappings === undefined) return undefined;
  return {
    key,
    network,
    containerId,
    ifname,
    target,
    targetInode,
    delivery,
    netnsInode,
    lease,
    ended: fields.ended === true,
    mappings,
  } as Attachment;
}

/**
 * `ports`, and where they lead: `address`, `address6`. They become part of a script for nft(8). Absent: it has none. One without a hostIP is of
 * both families. Undefined for what is no mapping.
 */
function mappingsOf({ address, address6, ports = [] }: Record<string, unknown>): PortMapping[] | undefined {
  if (!Array.isArray(ports)) return undefined;
  const mappings = ports.flatMap((port: Record<string, unknown> | null) => {
    const { protocol, hostIP, hostPort, containerPort } = port ?? {};
    const to = (hostAddress: unknown, containerAddress: unknown) => [
      { protocol, hostAddress, hostPort, containerAddress, containerPort },
    ];
    if (hostIP === '') return [...to('0.0.0.0', address), ...to('::', address6)];
    return to(hostIP, typeof hostIP === 'string' && isIPv6(hostIP) ? address6 : address);
  });
  return mappings.every(isMapping) ? mappings : undefined;
}

function isMapping(value: { readonly [key in keyof PortMapping]: unknown }): value is PortMapping {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = value;
  const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
  const isOneOf = (isOne: (text: string) => boolean): boolean =>
    [hostAddress, containerAddress].every((one) => typeof one === 'string' && isOne(one));
  return (
    PROTOCOLS.some((one) => one === protocol) &&
    // One of a link would have a `%`.
    (isOneOf(isIPv4) || isOneOf((text) => isIPv6(text) && !text.includes('%'))) &&
    [hostPort, containerPort].every(isPort)
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
