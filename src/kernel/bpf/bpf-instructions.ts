/** The few instructions of eBPF that netnsd's programs are made of; RFC 9669, include/uapi/linux/bpf.h. */
export interface Instruction {
  readonly code: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
  /** Upper half of a 64-bit immediate: the instruction is two slots long. */
  readonly wide?: true;
}

type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
const SIZE = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const;
type Size = keyof typeof SIZE;
const PSEUDO_MAP_FD = 1;

/** `to = from` or `to = number`. */
export const move = (to: Register, from: Register): Instruction => ({ code: 0xbf, destination: to, source: from });
export const set = (to: Register, immediate: number): Instruction => ({ code: 0xb7, destination: to, immediate });
/** `to += number`. */
export const add = (to: Register, immediate: number): Instruction => ({ code: 0x07, destination: to, immediate });
/** `to &= number`, 64 bits wide. */
export const and = (to: Register, immediate: number): Instruction => ({ code: 0x57, destination: to, immediate });
/** `to = *(size *)(base + offset)`. */
export const load = (size: Size, to: Register, base: Register, offset: number): Instruction => ({
  code: 0x61 | SIZE[size],
  destination: to,
  source: base,
  offset,
});
/** `*(size *)(base + offset) = from`. */
export const store = (size: Size, base: Register, offset: number, from: Register): Instruction => ({
  code: 0x63 | SIZE[size],
  destination: base,
  source: from,
  offset,
});
/** `r0 = ` the packet's bytes at `offset`, network byte order; r6 must hold the context. A packet that is too short ends the program with 0. */
export const loadPacket = (size: 'u8' | 'u16' | 'u32', offset: number): Instruction => ({
  code: 0x20 | SIZE[size],
  immediate: offset,
});
/** `*(u64 *)(base + offset) += from`, atomically. */
export const atomicAdd = (base: Register, offset: number, from: Register): Instruction => ({
  code: 0xdb,
  destination: base,
  source: from,
  offset,
});
/** Skips `count` instructions if `left == immediate`. */
export const skipIfEqual = (left: Register, immediate: number, count: number): Instruction => ({
  code: 0x15,
  destination: left,
  immediate,
  offset: count,
});
/** Skips `count` instructions if `left != immediate`. */
export const skipUnlessEqual = (left: Register, immediate: number, count: number): Instruction => ({
  code: 0x55,
  destination: left,
  immediate,
  offset: count,
});
/** `to = ` the map behind a descriptor; two slots. */
export const loadMap = (to: Register, fd: number): Instruction => ({
  code: 0x18,
  destination: to,
  source: PSEUDO_MAP_FD,
  immediate: fd,
  wide: true,
});
export const call = (functionId: number): Instruction => ({ code: 0x85, immediate: functionId });
export const exit: Instruction = { code: 0x95 };

/** The instructions as struct bpf_insn, one behind another. */
export function assemble(instructions: readonly Instruction[]): Buffer {
  const slots = instructions.map(({ code, destination = 0, source = 0, offset = 0, immediate = 0, wide }) => {
    const slot = Buffer.alloc(wide ? 16 : 8);
    slot.writeUInt8(code, 0);
    slot.writeUInt8(destination | (source << 4), 1);
    slot.writeInt16LE(offset, 2);
    slot.writeInt32LE(immediate | 0, 4);
    return slot;
  });
  return Buffer.concat(slots);
}
