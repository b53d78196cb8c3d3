import koffi from 'koffi';
import { kernelError } from '../errno.js';

const libc = koffi.load('libc.so.6');
/** The C functions, as koffi binds them: what fails returns less than 0 and sets errno. */
export const native = {
  unshare: libc.func('int unshare(int flags)'),
  setns: libc.func('int setns(int fd, int nstype)'),
  mount: libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *data)',
  ),
  umount2: libc.func('int umount2(const char *target, int flags)'),
  open: libc.func('int open(const char *path, int flags, int mode)'),
  close: libc.func('int close(int fd)'),
  statx: libc.func('int statx(int folderFd, const char *path, int flags, unsigned int mask, void *status)'),
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
  listen: libc.func('int listen(int fd, int backlog)'),
  connect: libc.func('int connect(int fd, const void *address, unsigned int length)'),
  recv: libc.func('long recv(int fd, void *buffer, unsigned long length, int flags)'),
  read: libc.func('long read(int fd, void *buffer, unsigned long length)'),
  syscallPointer: libc.func('long syscall(long number, int command, void *attributes, unsigned int size)'),
  syscallText: libc.func('long syscall(long number, const char *text, long first)'),
  syscallIntegers: libc.func('long syscall(long number, long first, long second)'),
  syscallFive: libc.func('long syscall(long number, long first, long second, long third, long fourth, long fifth)'),
  epollCreate1: libc.func('int epoll_create1(int flags)'),
  epollCtl: libc.func('int epoll_ctl(int epollFd, int operation, int fd, void *event)'),
  epollWait: libc.func('int epoll_wait(int epollFd, _Out_ void *events, int maxEvents, int timeoutMs)'),
  inotifyInit1: libc.func('int inotify_init1(int flags)'),
  inotifyAddWatch: libc.func('int inotify_add_watch(int fd, const char *path, unsigned int mask)'),
  poll: libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)'),
  prctl: libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)'),
  capset: libc.func('int capset(const void *header, const void *data)'),
  execve: libc.func('int execve(const char *path, const char **argv, const char **envp)'),
  gettid: libc.func('int gettid(void)'),
  mallopt: libc.func('int mallopt(int parameter, int value)'),
  mallocTrim: libc.func('int malloc_trim(unsigned long keep)'),
};
/** Hands a result on; throws kernel_error where it says that the call failed. `operation` completes "cannot …". */
export function check(result: number, operation: () => string): number {
  if (result >= 0) return result;
  throw kernelError({ operation: operation(), errno: koffi.errno() });
}

/** Positive number of the error of the last call of this thread that failed. */
export function lastErrno(): number {
  return koffi.errno();
}
