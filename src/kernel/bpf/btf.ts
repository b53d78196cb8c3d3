import { readFileSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';

const VMLINUX = '/sys/kernel/btf/vmlinux';
const MAGIC = 0xeb9f;
const KIND_STRUCT = 4;
const KIND_FUNCTION = 12;
/** Bytes that follow the 12 of a type, by kind: fixed, and for each of its members; include/uapi/linux/btf.h. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 };
const MEMBER_BYTES: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };

/** One type of the kernel's, where its 12 bytes stand, and what it is called. */
interface Type {
  /** Counted from 1; 0 is void. */
  readonly id: number;
  readonly kind: number;
  readonly nameAt: number;
  readonly at: number;
  readonly info: number;
  readonly members: number;
}

/** What the running kernel says of its types: BTF, Documentation/bpf/btf.rst. */
interface Btf {
  readonly types: Buffer;
  readonly strings: Buffer;
}

/**
 * Where members of the running kernel's structures are, in bytes: `{ net: ['ns', 'sysctls'] }` gives
 * `offsets.net.ns`. Read from the kernel's BTF, so right for the kernel that runs, whatever
 * its version. Throws kernel_error where the kernel has no BTF or no such member.
 */
export function structOffsets<const T extends Record<string, readonly string[]>>(
  wanted: T,
  path = VMLINUX,
): { [S in keyof T]: Record<T[S][number], number> } {
  const btf = readBtf(path);
  const byName = new Map(Object.keys(wanted).map((name) => [nameOffset(btf.strings, name), name]));
  const found: Record<string, Record<string, number>> = {};
  for (const type of eachType(btf)) {
    const name = type.kind === KIND_STRUCT ? byName.get(type.nameAt) : undefined;
    if (name !== undefined) found[name] ??= membersOf(btf, type);
  }
  for (const [name, members] of Object.entries(wanted)) {
    const lacking = members.find((member) => found[name]?.[member] === undefined);
    if (lacking !== undefined) throw missing(`struct ${name} with a member ${lacking}`);
  }
  return found as { [S in keyof T]: Record<T[S][number], number> };
}

/** The id of a function of the running kernel, by which a program is attached to it. Throws kernel_error if there is none. */
export function functionTypeId(name: string, path = VMLINUX): number {
  const btf = readBtf(path);
  const nameAt = nameOffset(btf.strings, name);
  for (const type of eachType(btf)) if (type.kind === KIND_FUNCTION && type.nameAt === nameAt) return type.id;
  throw missing(`function ${name}`);
}

/** Some 5 MB that are read several times at one moment, and never later. */
let lately: { readonly path: string; readonly btf: WeakRef<Btf> } | undefined;

function readBtf(path: string): Btf {
  const cached = lately?.path === path ? lately.btf.deref() : undefined;
  if (cached !== undefined) return cached;
  const data = readFileSync(path);
  if (data.readUInt16LE(0) !== MAGIC) throw missing('BTF in a known format');
  const [headerBytes, typeAt, typeBytes, stringAt, stringBytes] = [4, 8, 12, 16, 20].map((at) => data.readUInt32LE(at));
  const strings = data.subarray(Number(headerBytes) + Number(stringAt)).subarray(0, stringBytes);
  const types = data.subarray(Number(headerBytes) + Number(typeAt)).subarray(0, typeBytes);
  const btf = { types, strings };
  lately = { path, btf: new WeakRef(btf) };
  return btf;
}

function* eachType({ types }: Btf): Generator<Type> {
  let id = 0;
  for (let at = 0; at + 12 <= types.length; ) {
    const info = types.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    const members = info & 0xffff;
    id += 1;
    yield { id, kind, nameAt: types.readUInt32LE(at), at: at + 12, info, members };
    at += 12 + (FIXED_BYTES[kind] ?? 0) + members * (MEMBER_BYTES[kind] ?? 0);
  }
}

function membersOf({ types, strings }: Btf, { at, info, members }: Type): Record<string, number> {
  const isBitfield = info >>> 31 === 1;
  const offsets: Record<string, number> = {};
  for (let member = 0; member < members; member += 1) {
    const start = types.readUInt32LE(at + member * 12);
    const bits = types.readUInt32LE(at + member * 12 + 8);
    offsets[strings.toString('latin1', start, strings.indexOf(0, start))] = (isBitfield ? bits & 0xffffff : bits) / 8;
  }
  return offsets;
}

/** Strings may share tails, but a structure's name is looked up whole: the one that stands by itself. */
function nameOffset(strings: Buffer, name: string): number {
  const at = strings.indexOf(`\0${name}\0`);
  if (at < 0) throw missing(`struct ${name}`);
  return at + 1;
}

function missing(what: string): NetnsdError {
  return new NetnsdError('kernel_error', `the kernel does not describe itself as needed: no ${what}`);
}
