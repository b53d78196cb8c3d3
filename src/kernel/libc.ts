/**
 * The system calls that Node.js lacks, by `koffi`: synchronous, on the calling thread, which is what
 * unshare(2) and setns(2) act on. Every wrapper turns errno into a NetnsdError with code `kernel_error`.
 */
import koffi from 'koffi';
import { kernelError } from './errno.js';
import { faults } from './faults.js';

const libc = koffi.load('libc.so.6');
const native = {
  unshare: libc.func('int unshare(int flags)'),
  setns: libc.func('int setns(int fd, int nstype)'),
  mount: libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *data)',
  ),
  umount2: libc.func('int umount2(const char *target, int flags)'),
  open: libc.func('int open(const char *path, int flags, int mode)'),
  close: libc.func('int close(int fd)'),
  fcntl: libc.func('int fcntl(int fd, int command, int argument)'),
  fcntlPointer: libc.func('int fcntl(int fd, int command, const void *argument)'),
  flock: libc.func('int flock(int fd, int operation)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  sendto: libc.func(
    'long sendto(int fd, const void *data, unsigned long length, int flags, const void *address, unsigned int addressLength)',
  ),
  getsockname: libc.func('int getsockname(int fd, _Out_ void *address, _Inout_ unsigned int *length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ unsigned int *length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, unsigned int length)'),
  bind: libc.func('int bind(int fd, const void *address, unsigned int length)'),
  recv: libc.func('long recv(int fd, void *buffer, unsigned long length, int flags)'),
  read: libc.func('long read(int fd, void *buffer, unsigned long length)'),
  syscallPointer: libc.func('long syscall(long number, int command, void *attributes, unsigned int size)'),
  syscallIntegers: libc.func('long syscall(long number, long first, long second)'),
  epollCreate1: libc.func('int epoll_create1(int flags)'),
  epollCtl: libc.func('int epoll_ctl(int epollFd, int operation, int fd, void *event)'),
  epollWait: libc.func('int epoll_wait(int epollFd, _Out_ void *events, int maxEvents, int timeoutMs)'),
  poll: libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)'),
  prctl: libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)'),
  capset: libc.func('int capset(const void *header, const void *data)'),
  execve: libc.func('int execve(const char *path, const char **argv, const char **envp)'),
  gettid: libc.func('int gettid(void)'),
  mallopt: libc.func('int mallopt(int parameter, int value)'),
  mallocTrim: libc.func('int malloc_trim(unsigned long keep)'),
};
faults?.wrapCalls(native);

function check(result: number, operation: () => string): number {
  if (result >= 0) return result;
  throw kernelError({ operation: operation(), errno: koffi.errno() });
}

export const CLONE_NEWNET = 0x40000000;
const CLONE_NEWNS = 0x00020000;
const CLONE_FS = 0x00000200;
const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
/** Numbers of bpf(2): arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const LOCK_EX_NB = 2 | 4;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;

/** mount(2) flags, include/uapi/linux/mount.h. */
export const MS_BIND = 1 << 12;
export const MS_REC = 1 << 14;
export const MS_PRIVATE = 1 << 18;
/** umount2(2) flags. */
export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;

/** unshare(2) of the calling thread. */
export function unshare(flags: number): void {
  check(native.unshare(flags), () => 'make a network namespace');
}

/** setns(2) of the calling thread into a network namespace. */
export function enterNetns(fd: number): void {
  check(native.setns(fd, CLONE_NEWNET), () => `enter the network namespace of fd ${fd}`);
}

/** unshare(2) of root, working directory and umask, which the threads of a process share: the calling thread gets its own. */
export function unshareFileSystemAttributes(): void {
  check(native.unshare(CLONE_FS), () => 'give the thread a root of its own');
}

/**
 * setns(2) of the calling thread, which has to have a root of its own, into a mount namespace: its root and working directory
 * are the root of that one then.
 */
export function enterMountNamespace(fd: number): void {
  check(native.setns(fd, CLONE_NEWNS), () => `enter the mount namespace of fd ${fd}`);
}

/** mount(2). */
export function mount(options: { source: string; target: string; type?: string; flags: number }): void {
  const { source, target, type = 'none', flags } = options;
  check(native.mount(source, target, type, flags, null), () => `mount ${source} on ${target}`);
}

/** umount2(2). */
export function unmount(target: string, flags: number): void {
  check(native.umount2(target, flags), () => `unmount ${target}`);
}

/** open(2) with O_RDONLY | O_CLOEXEC on the calling thread; the caller closes the descriptor with `closeFd`. */
export function openFd(path: string): number {
  return check(native.open(path, O_RDONLY | O_CLOEXEC, 0), () => `open ${path}`);
}

/** close(2). */
export function closeFd(fd: number): void {
  check(native.close(fd), () => `close fd ${fd}`);
}

/** close(2) where its outcome says nothing of what counts: the descriptor is gone in any case. */
export function closeAnyway(fd: number): void {
  native.close(fd);
}

/** The lowest descriptor that the next open would get, unless another thread is quicker. */
export function lowestFreeFd(): number {
  const fd = check(native.fcntl(0, F_DUPFD_CLOEXEC, 3), () => 'find a free file descriptor');
  native.close(fd);
  return fd;
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

/** The local port (nl_pid) of a netlink socket, or undefined if the descriptor is no such socket; netlink(7). */
export function netlinkPort(fd: number): number | undefined {
  const address = Buffer.alloc(12);
  if (native.getsockname(fd, address, [address.length]) !== 0) return undefined;
  return address.readUInt16LE(0) === 16 ? address.readUInt32LE(4) : undefined;
}

/** setsockopt(2) with an int. */
export function setIntegerOption(options: { fd: number; level: number; name: number; value: number }): void {
  const value = Buffer.alloc(4);
  value.writeInt32LE(options.value);
  check(
    native.setsockopt(options.fd, options.level, options.name, value, 4),
    () => `set socket option ${options.name}`,
  );
}

/** The credentials of the peer of a connected unix socket: SO_PEERCRED of unix(7). */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  const value = Buffer.alloc(12);
  check(native.getsockopt(fd, 1, 17, value, [12]), () => 'read the credentials of a peer');
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** Sends one datagram to a unix socket; `path` may start with `@` for the abstract name space. */
export function sendUnixDatagram(path: string, payload: string): void {
  const fd = check(native.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), () => 'open a datagram socket');
  try {
    const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
    const data = Buffer.from(payload);
    check(native.sendto(fd, data, data.length, 0, address, address.length), () => `send to ${path}`);
  } finally {
    native.close(fd);
  }
}

const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
/** _LINUX_CAPABILITY_VERSION_3 of include/uapi/linux/capability.h: two words of each set. */
const CAPABILITY_VERSION = 0x20080522;

/** PR_CAPBSET_DROP of prctl(2), on the calling thread. */
export function dropFromBoundingSet(capability: number): void {
  check(native.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), () => `drop capability ${capability}`);
}

/** PR_SET_NO_NEW_PRIVS of prctl(2), on the calling thread: no execve(2) of it or its children gains anything. */
export function forbidNewPrivileges(): void {
  check(native.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), () => 'forbid new privileges');
}

/** capset(2) of the calling thread; what is permitted is effective as well. */
export function setCapabilities(masks: { permitted: bigint; inheritable: bigint }): void {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION);
  const data = Buffer.alloc(24);
  for (const word of [0, 1]) {
    const bitsOf = (mask: bigint): number => Number((mask >> BigInt(32 * word)) & 0xffffffffn);
    data.writeUInt32LE(bitsOf(masks.permitted), 12 * word);
    data.writeUInt32LE(bitsOf(masks.permitted), 12 * word + 4);
    data.writeUInt32LE(bitsOf(masks.inheritable), 12 * word + 8);
  }
  check(native.capset(header, data), () => 'set capabilities');
}

const F_SETFD = 2;

/** Has a descriptor stay open across execve(2): F_SETFD of fcntl(2). */
export function keepAcrossExec(fd: number): void {
  check(native.fcntl(fd, F_SETFD, 0), () => `keep fd ${fd} open`);
}

/** execve(2): another program in the place of this one, with all threads gone; returns only by throwing. */
export function replaceProcess(program: {
  path: string;
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}): void {
  const env = Object.entries(program.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  check(native.execve(program.path, [...program.argv, null], [...env, null]), () => `execute ${program.path}`);
}

/** gettid(2): the calling thread's id. */
export function threadId(): number {
  return native.gettid();
}

/** mallopt(3); false if the parameter is not known. */
export function mallopt(parameter: number, value: number): boolean {
  return native.mallopt(parameter, value) === 1;
}

/** malloc_trim(3), keeping nothing spare. */
export function mallocTrim(): void {
  native.mallocTrim(0);
}

/** A netlink socket of `protocol` in the calling thread's namespace; netlink(7). It gets its port with its first send. */
export function openNetlink(protocol: number): number {
  return check(
    native.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol),
    () => `open a netlink socket of protocol ${protocol}`,
  );
}

/** bind(2) of a netlink socket to the multicast groups of the mask, bit 0 being group 1. */
export function joinGroups(fd: number, mask: number): void {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(mask >>> 0, 8);
  check(native.bind(fd, address, address.length), () => 'join multicast groups of the kernel');
}

/** sendto(2) without an address: the kernel is the peer of a netlink socket. */
export function sendDatagram(fd: number, data: Buffer): void {
  check(native.sendto(fd, data, data.length, 0, null, 0), () => 'send to the kernel');
}

/** recv(2) without waiting: the length that came, or undefined where nothing is there. */
export function receiveDatagram(fd: number, buffer: Buffer): number | undefined {
  const length = native.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
  if (length >= 0) return Number(length);
  if (koffi.errno() === EAGAIN) return undefined;
  return check(Number(length), () => 'receive from the kernel');
}

/** read(2): how many bytes came. Throws kernel_error. */
export function readInto(fd: number, buffer: Buffer): number {
  return check(Number(native.read(fd, buffer, buffer.length)), () => `read fd ${fd}`);
}

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

/** Number of pidfd_open(2), the same on every architecture. */
const SYS_PIDFD_OPEN = 434;
const POLLIN = 1;
const EPOLL_CLOEXEC = O_CLOEXEC;
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
  if (found < 0 && koffi.errno() === EINTR) return [];
  const count = check(found, () => 'wait for readable descriptors');
  return Array.from({ length: count }, (_, i) => epollEvents.readUInt32LE(i * EPOLL_EVENT.bytes + EPOLL_EVENT.data));
}
