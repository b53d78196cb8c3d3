import koffi from 'koffi';
import { check, native } from './native.js';

/** Numbers of bpf(2): arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

/** bpf(2) of one command on its attributes; the result is a descriptor or 0. */
export function bpf(command: number, attributes: Buffer): number {
  const number = SYS_BPF[process.arch];
  if (number === undefined) return check(-1, () => 'bpf');
  return check(
    Number(native.syscallPointer(number, command, attributes, attributes.length)),
    () => `bpf command ${command}`,
  );
}

/** The address of a buffer's bytes, for structures of the kernel that hold pointers; the buffer must outlive its use. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}
