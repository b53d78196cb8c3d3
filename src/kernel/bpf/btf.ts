import { readFileSync } from 'node:fs';
import { NetnsdError } from '../../errors.js';

const VMLINUX = '/sys/kernel/btf/vmlinux';
const MAGIC = 0xeb9f;
const KIND_STRUCT = 4;
const KIND_FUNCTION = 12;
/** Bytes that follow the 12 of a type, by kind: fixed, and for each of its members; include/uapi/linux/btf.h. */
const FIXED_BYTES = byKind({ 1: 4, 3: 12, 14: 4, 17: 4 });
const MEMBER_BYTES = byKind({ 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 });

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
  const names = new Map(Object.keys(wanted).map((name) => [nameOffset(btf.strings, name), name]));
  const found: Record<string, Record<string, number>> = {};
  eachType(btf, { kind: KIND_STRUCT, names }, ({ name, at }) => {
    found[name] ??= membersOf(btf, at);
    return Object.keys(found).length < names.size;
  });
  for (const [name, members] of Object.entries(wanted)) {
    const lacking = members.find((member) => found[name]?.[member] === undefined);
    if (lacking !== undefined) throw missing(`struct ${name} with a member ${lacking}`);
  }
  return found as { [S in keyof T]: Record<T[S][number], number> };
}

/** The id of a function of the running kernel, by which a program is attached to it. Throws kernel_error if there is none. */
export function functionTypeId(name: string, path = VMLINUX): number {
  const btf = readBtf(path);
  let found: number | undefined;
  eachType(btf, { kind: KIND_FUNCTION, names: new Map([[nameOffset(btf.strings, name), name]]) }, ({ id }) => {
    found = id;
    return false;
  });
  if (found !== undefined) return found;
  throw missing(`function ${name}`);
}

/** Some 5 MB that are read several times at one moment, and never later. */
let recent: { readonly path: string; readonly btf: WeakRef<Btf> } | undefined;

function readBtf(path: string): Btf {
  const cached = recent?.path === path ? recent.btf.deref() : undefined;
  if (cached !== undefined) return cached;
  const data = readFileSync(path);
  if (data.readUInt16LE(0) !== MAGIC) throw missing('BTF in a known format');
  const [headerBytes, typeAt, typeBytes, stringAt, stringBytes] = [4, 8, 12, 16, 20].map((at) => data.readUInt32LE(at));
  const strings = data.subarray(Number(headerBytes) + Number(stringAt)).subarray(0, stringBytes);
  const types = data.subarray(Number(headerBytes) + Number(typeAt)).subarray(0, typeBytes);
  const btf = { types, strings };
  recent = { path, btf: new WeakRef(btf) };
  return btf;
}

/**
 * Calls `visit` with each type of a kind that bears one of the names (by where they stand), until it returns false. The kernel has
 * 150 000 types, and its thread has endpoints to build: a loop over numbers takes a tenth of what one over objects takes.
 */
function eachType(
  { types }: Btf,
  { kind, names }: { readonly kind: number; readonly names: ReadonlyMap<number, string> },
  visit: (type: { name: string; id: number; at: number }) => boolean,
): void {
  const words = wordsOf(types);
  const end = types.length - 12;
  for (let at = 0, id = 1; at <= end; id += 1) {
    const info = words[(at >> 2) + 1] as number;
    const found = (info >>> 24) & 0x1f;
    if (found === kind) {
      const name = names.get(words[at >> 2] as number);
      if (name !== undefined && !visit({ name, id, at })) return;
    }
    at += 12 + (FIXED_BYTES[found] as number) + (info & 0xffff) * (MEMBER_BYTES[found] as number);
  }
}

/** The same bytes; copied where they do not stand at a multiple of four. */
function wordsOf(bytes: Buffer): Uint32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(buffer, byteOffset, length >> 2);
}

/** The members of the structure whose 12 bytes stand at `at`. */
function membersOf({ types, strings }: Btf, at: number): Record<string, number> {
  const info = types.readUInt32LE(at + 4);
  const isBitfield = info >>> 31 === 1;
  const offsets: Record<string, number> = {};
  for (let member = 0; member < (info & 0xffff); member += 1) {
    const start = types.readUInt32LE(at + 12 + member * 12);
    const bits = types.readUInt32LE(at + 12 + member * 12 + 8);
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

function byKind(bytes: Readonly<Record<number, number>>): Uint8Array {
  const all = new Uint8Array(32);
  for (const [kind, count] of Object.entries(bytes)) all[Number(kind)] = count;
  return all;
}

function missing(what: string): NetnsdError {
  return new NetnsdError('kernel_error', `the kernel does not describe itself as needed: no ${what}`);
}
