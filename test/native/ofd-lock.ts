import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

/** Numbers of fcntl(2): include/uapi/asm-generic/fcntl.h. */
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const SEEK_SET = 0;

const flock = koffi.struct('flock', {
  l_type: 'short',
  l_whence: 'short',
  l_start: 'int64',
  l_len: 'int64',
  l_pid: 'int',
});
const libc = koffi.load('libc.so.6');
const fcntl = libc.func('int fcntl(int fd, int command, ...)');

/** Holds an OFD write lock on all of a file, as a living daemon does on its shelf's; returns what ends it. */
export function lockFile(path: string): () => void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const lock = { l_type: F_WRLCK, l_whence: SEEK_SET, l_start: 0, l_len: 0, l_pid: 0 };
  if (fcntl(fd, F_OFD_SETLK, koffi.inout(koffi.pointer(flock)), lock) !== 0) {
    closeSync(fd);
    throw new Error(`cannot lock ${path}: errno ${koffi.errno()}`);
  }
  return () => closeSync(fd);
}
