import { closeSync, openSync } from 'node:fs';
import type { NetnsdError } from '../../errors.js';
import { errnoOf } from '../errno.js';
import { addressOf, bpf, closeFd } from '../libc.js';

/** enum bpf_cmd, enum bpf_prog_type and enum bpf_attach_type of include/uapi/linux/bpf.h. */
const COMMAND = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  programLoad: 5,
  programQuery: 16,
  linkCreate: 28,
  iteratorCreate: 33,
} as const;
export const PROGRAM_TYPE = { socketFilter: 1, cgroupSysctl: 23, tracing: 26 } as const;
export const ATTACH_TYPE = {
  flowDissector: 17,
  cgroupSysctl: 18,
  traceIterator: 28,
  skLookup: 36,
  tcxIngress: 46,
  tcxEgress: 47,
} as const;
const MAP_TYPE_HASH = 1;
const BPF_F_NO_PREALLOC = 1;
const ATTRIBUTE_BYTES = 128;
const LOG_BYTES = 16 * 1024;
const LOAD_ATTEMPTS = 8;

/** Loads a program of `instructions` (`assemble` makes them); the descriptor is the caller's to close. Throws kernel_error. */
export function loadProgram(options: {
  type: number;
  attachType?: number;
  name: string;
  instructions: Buffer;
  /** The kernel's function that it is attached to; see `functionTypeId`. */
  functionId?: number;
}): number {
  const { type, attachType = 0, name, instructions, functionId = 0 } = options;
  const license = Buffer.from('GPL\0');
  const log = Buffer.alloc(LOG_BYTES);
  const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
  attributes.writeUInt32LE(type, 0);
  attributes.writeUInt32LE(instructions.length / 8, 4);
  attributes.writeBigUInt64LE(addressOf(instructions), 8);
  attributes.writeBigUInt64LE(addressOf(license), 16);
  attributes.writeUInt32LE(1, 24);
  attributes.writeUInt32LE(log.length, 28);
  attributes.writeBigUInt64LE(addressOf(log), 32);
  attributes.write(name.slice(0, 15), 48, 'ascii');
  attributes.writeUInt32LE(attachType, 68);
  attributes.writeUInt32LE(functionId, 108);
  try {
    return loadUninterrupted(attributes);
  } catch (error) {
    const verdict = log.toString('latin1', 0, log.indexOf(0)).trim().split('\n').slice(-3).join('; ');
    if (verdict !== '') (error as NetnsdError).details.verifier = verdict;
    throw error;
  }
}

/** The verifier gives up with EAGAIN when a signal comes, such as a profiler's. */
function loadUninterrupted(attributes: Buffer): number {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return bpf(COMMAND.programLoad, attributes);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN' || attempt === LOAD_ATTEMPTS) throw error;
    }
  }
}

/** A hash map from a 32-bit to a 64-bit number; memory is taken an entry (BPF_F_NO_PREALLOC). */
export class CounterMap {
  readonly fd: number;
  readonly #key = Buffer.alloc(4);
  readonly #value = Buffer.alloc(8);
  readonly #attributes = Buffer.alloc(ATTRIBUTE_BYTES);

  constructor(options: { name: string; maxEntries: number }) {
    const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
    for (const [position, value] of [MAP_TYPE_HASH, 4, 8, options.maxEntries, BPF_F_NO_PREALLOC].entries())
      attributes.writeUInt32LE(value, position * 4);
    attributes.write(options.name.slice(0, 15), 28, 'ascii');
    this.fd = bpf(COMMAND.mapCreate, attributes);
    this.#attributes.writeUInt32LE(this.fd, 0);
    this.#attributes.writeBigUInt64LE(addressOf(this.#key), 8);
    this.#attributes.writeBigUInt64LE(addressOf(this.#value), 16);
  }

  /** The count of `key`; throws kernel_error with ENOENT for one that is not in the map. */
  get(key: number): bigint {
    this.#key.writeUInt32LE(key);
    bpf(COMMAND.mapLookup, this.#attributes);
    return this.#value.readBigUInt64LE(0);
  }

  /** Starts to count for `key`, from nothing. */
  zero(key: number): void {
    this.#key.writeUInt32LE(key);
    this.#value.writeBigUInt64LE(0n);
    bpf(COMMAND.mapUpdate, this.#attributes);
  }

  delete(key: number): void {
    this.#key.writeUInt32LE(key);
    const attributes = Buffer.from(this.#attributes);
    attributes.fill(0, 16);
    bpf(COMMAND.mapDelete, attributes);
  }

  close(): void {
    closeFd(this.fd);
  }
}

/** Attaches a program to a cgroup and all below it, for as long as the returned descriptor is open; BPF_LINK_CREATE. */
export function attachToCgroup(options: { programFd: number; cgroupPath: string; attachType: number }): number {
  const cgroupFd = openSync(options.cgroupPath, 'r');
  try {
    const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
    attributes.writeUInt32LE(options.programFd, 0);
    attributes.writeUInt32LE(cgroupFd, 4);
    attributes.writeUInt32LE(options.attachType, 8);
    return bpf(COMMAND.linkCreate, attributes);
  } finally {
    // Node.js keeps account of what a thread of its own has open.
    closeSync(cgroupFd);
  }
}

/** Makes an iterator over all that there is of its kind out of a loaded program; the descriptor is what iterations are opened on. */
export function attachIterator(programFd: number): number {
  const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
  attributes.writeUInt32LE(programFd, 0);
  attributes.writeUInt32LE(ATTACH_TYPE.traceIterator, 8);
  return bpf(COMMAND.linkCreate, attributes);
}

/** One iteration, to be read to its end and closed; BPF_ITER_CREATE. */
export function openIteration(iteratorFd: number): number {
  const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
  attributes.writeUInt32LE(iteratorFd, 0);
  return bpf(COMMAND.iteratorCreate, attributes);
}

/**
 * How many programs are attached at `target`: the descriptor of a network namespace for `flowDissector` and `skLookup`,
 * the index of a link of the calling thread's namespace for `tcxIngress` and `tcxEgress`; BPF_PROG_QUERY of bpf(2).
 */
export function countAttached(target: number, attachType: number): number {
  const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
  attributes.writeUInt32LE(target, 0);
  attributes.writeUInt32LE(attachType, 4);
  bpf(COMMAND.programQuery, attributes);
  return attributes.readUInt32LE(24);
}
