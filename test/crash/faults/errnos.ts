/** In which ways a call may fail, by the errors that its manual page lists and that a healthy program can meet. */

/** C functions; others: `OTHER_CALL`. */
export const CALL_ERRNOS: Readonly<Record<string, readonly string[]>> = {
  unshare: ['ENOMEM', 'ENOSPC'],
  setns: ['ENOMEM', 'EPERM'],
  mount: ['ENOMEM', 'ENOSPC', 'EBUSY'],
  umount2: ['EBUSY', 'ENOMEM'],
  open: ['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR'],
  close: ['EINTR'],
  fcntl: ['EMFILE'],
  flock: ['ENOLCK', 'EINTR'],
  socket: ['EMFILE', 'ENOBUFS', 'ENOMEM'],
  bind: ['ENOMEM'],
  sendto: ['ENOBUFS', 'EINTR'],
  recv: ['ENOBUFS', 'EINTR'],
  read: ['EINTR', 'ENOMEM'],
  getsockname: ['ENOBUFS'],
  getsockopt: ['ENOBUFS'],
  setsockopt: ['ENOBUFS', 'ENOMEM'],
  pidfd_open: ['EMFILE', 'ENFILE', 'ENOMEM'],
  epoll_create1: ['EMFILE', 'ENFILE', 'ENOMEM'],
  epoll_ctl: ['ENOMEM', 'ENOSPC'],
  epoll_wait: ['EINTR'],
  poll: ['EINTR', 'ENOMEM'],
};
export const OTHER_CALL: readonly string[] = ['ENOMEM', 'EINTR'];

/** Calls that cannot fail, or whose failure has no consequence. */
export const INFALLIBLE: readonly string[] = ['gettid', 'mallopt', 'malloc_trim'];

/** Of opening a netlink socket. */
export const OPEN_ERRNOS: readonly string[] = ['EMFILE', 'ENOBUFS', 'ENOMEM'];

/** File calls by their name in node:fs; only those listed are points. */
export const FILE_ERRNOS: Readonly<Record<string, readonly string[]>> = {
  openSync: ['EMFILE', 'ENOSPC', 'ENOMEM', 'EINTR'],
  closeSync: ['EINTR'],
  writeSync: ['ENOSPC', 'EINTR'],
  ftruncateSync: ['EINTR', 'ENOSPC'],
  fstatSync: ['ENOMEM'],
  readFileSync: ['EMFILE', 'EINTR'],
  renameSync: ['ENOSPC', 'EBUSY'],
  unlinkSync: ['EBUSY', 'ENOMEM'],
  mkdirSync: ['ENOSPC', 'ENOMEM'],
  rmdirSync: ['EBUSY', 'ENOMEM'],
  rmSync: ['EBUSY'],
  readdirSync: ['EMFILE', 'ENOMEM'],
  lstatSync: ['ENOMEM'],
  statSync: ['ENOMEM'],
  readlinkSync: ['ENOMEM'],
  realpathSync: ['ENOMEM'],
  chmodSync: ['ENOMEM'],
  chownSync: ['ENOMEM'],
};

export const REQUEST_ERRNOS: readonly string[] = ['ENOBUFS', 'ENOMEM', 'EBUSY', 'EINTR'];
/** Of a transaction whose answers are lost: the socket's receive buffer was full (netlink(7)). */
export const LOST_ERRNO = 'ENOBUFS';
/** What closing reports, it reports after the descriptor is gone: close(2). */
export const DONE_ANYWAY: readonly string[] = ['close', 'closeSync'];
