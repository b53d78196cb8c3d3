import { check, native } from './native.js';

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_OFD_SETLK = 37;
const F_DUPFD_CLOEXEC = 1030;
const F_WRLCK = 1;
const LOCK_EX_NB = 2 | 4;
const AT_EMPTY_PATH = 0x1000;
const STATX_INO = 0x100;
/** struct statx of statx(2), for as long as the call takes. */
const status = Buffer.alloc(256);
const STATUS_INODE = 32;

/** open(2) with O_RDONLY | O_CLOEXEC on the calling thread; the caller closes the descriptor with `closeFd`. */
export function openFd(path: string): number {
  return check(native.open(path, O_RDONLY | O_CLOEXEC, 0), () => `open ${path}`);
}

/** open(2) of a file that does not exist yet, with nothing in it. */
export function createFile(path: string, mode: number): void {
  const fd = check(native.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), () => `create ${path}`);
  // The file is there, whatever close(2) says.
  native.close(fd);
}

/** Inode of an open file, by statx(2): fstatSync of node:fs takes ten times as long, most of it for what is not asked. */
export function inodeOf(fd: number): number {
  check(native.statx(fd, '', AT_EMPTY_PATH, STATX_INO, status), () => `read the inode of fd ${fd}`);
  return Number(status.readBigUInt64LE(STATUS_INODE));
}

/** close(2). */
export function closeFd(fd: number): void {
  check(native.close(fd), () => `close fd ${fd}`);
}

/** close(2) where its outcome says nothing of what counts: the descriptor is gone in any case. */
export function closeAnyway(fd: number): void {
  native.close(fd);
}

/** read(2): how many bytes came. Throws kernel_error. */
export function readInto(fd: number, buffer: Buffer): number {
  return check(Number(native.read(fd, buffer, buffer.length)), () => `read fd ${fd}`);
}

/** Sets O_NONBLOCK on an open file description (F_SETFL of fcntl(2)), and so for all that share it. */
export function setNonBlocking(fd: number): void {
  const flags = check(native.fcntl(fd, F_GETFL, 0), () => `read the flags of fd ${fd}`);
  check(native.fcntl(fd, F_SETFL, flags | O_NONBLOCK), () => `set O_NONBLOCK on fd ${fd}`);
}

/** Has a descriptor stay open across execve(2): F_SETFD of fcntl(2). */
export function keepAcrossExec(fd: number): void {
  check(native.fcntl(fd, F_SETFD, 0), () => `keep fd ${fd} open`);
}

/**
 * Whether at least `count` descriptors are left to the process (RLIMIT_NOFILE of getrlimit(2)) above `fd`, the newest one: the kernel
 * gives the lowest that is free. F_DUPFD_CLOEXEC of fcntl(2) says so for the limit of this moment.
 */
export function areDescriptorsLeft(fd: number, count: number): boolean {
  const probe = native.fcntl(fd, F_DUPFD_CLOEXEC, fd + count);
  if (probe < 0) return false;
  native.close(probe);
  return true;
}

/** flock(2), exclusive and without waiting: false if another open file holds the lock. */
export function tryLock(fd: number): boolean {
  return native.flock(fd, LOCK_EX_NB) === 0;
}

/**
 * An open file description lock on all of a file (F_OFD_SETLK of fcntl(2)), for writing and without waiting: false if another
 * one holds it. Others can ask whether it is held without holding it themselves, as flock(2) does not let them.
 */
export function tryDescriptionLock(fd: number): boolean {
  // struct flock: l_type, l_whence, l_start, l_len, l_pid; zeros are the whole file, from its begin.
  const lock = Buffer.alloc(32);
  lock.writeInt16LE(F_WRLCK, 0);
  return native.fcntlPointer(fd, F_OFD_SETLK, lock) === 0;
}
