import { check, lastErrno, native } from './native.js';

/** Number of pidfd_open(2), the same on every architecture. */
const SYS_PIDFD_OPEN = 434;
const POLLIN = 1;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
/** struct epoll_event: packed on x86-64 alone; include/uapi/linux/eventpoll.h. */
const EPOLL_EVENT = process.arch === 'x64' ? { bytes: 12, data: 4 } : { bytes: 16, data: 8 };
const MOST_EVENTS = 64;
const EINTR = 4;
const epollEvents = Buffer.alloc(EPOLL_EVENT.bytes * MOST_EVENTS);

/** pidfd_open(2): a descriptor (close-on-exec) of the process that bears `pid`; readable once the process has ended. */
export function openPidfd(pid: number): number {
  return check(Number(native.syscallIntegers(SYS_PIDFD_OPEN, pid, 0)), () => `open process ${pid}`);
}

/** poll(2) of one descriptor, without waiting. */
export function isReadable(fd: number): boolean {
  const asked = Buffer.alloc(8);
  asked.writeInt32LE(fd, 0);
  asked.writeInt16LE(POLLIN, 4);
  return check(native.poll(asked, 1, 0), () => `poll fd ${fd}`) > 0;
}

/** epoll_create1(2). */
export function openEpoll(): number {
  return check(native.epollCreate1(EPOLL_CLOEXEC), () => 'open an epoll descriptor');
}

/** epoll_ctl(2): `fd` is reported while it is readable, until it is closed. */
export function watchFd(epollFd: number, fd: number): void {
  const event = Buffer.alloc(EPOLL_EVENT.bytes);
  event.writeUInt32LE(POLLIN, 0);
  event.writeUInt32LE(fd, EPOLL_EVENT.data);
  check(native.epollCtl(epollFd, EPOLL_CTL_ADD, fd, event), () => `watch fd ${fd}`);
}

/** epoll_wait(2) without waiting: some of the watched descriptors that are readable; 64 at the most. */
export function readableFds(epollFd: number): number[] {
  const found = native.epollWait(epollFd, epollEvents, MOST_EVENTS, 0);
  if (found < 0 && lastErrno() === EINTR) return [];
  const count = check(found, () => 'wait for readable descriptors');
  return Array.from({ length: count }, (_, i) => epollEvents.readUInt32LE(i * EPOLL_EVENT.bytes + EPOLL_EVENT.data));
}
