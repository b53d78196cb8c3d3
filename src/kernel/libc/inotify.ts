import { check, lastErrno, native } from './native.js';

const IN_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const EINTR = 4;
const EAGAIN = 11;
/** struct inotify_event before its name: wd, mask, cookie, len. */
const EVENT_BYTES = 16;
/** Bits of masks and events; include/uapi/linux/inotify.h. */
export const IN = {
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  IGNORED: 0x8000,
  ONLYDIR: 0x01000000,
} as const;
const events = Buffer.alloc(16 * 1024);

/** inotify_init1(2), close-on-exec; `inotifyEvents` reads it without waiting. */
export function openInotify(): number {
  return check(native.inotifyInit1(IN_NONBLOCK_CLOEXEC), () => 'open an inotify descriptor');
}

/** inotify_add_watch(2). Throws kernel_error. */
export function addInotifyWatch(fd: number, path: string, mask: number): void {
  check(native.inotifyAddWatch(fd, path, mask), () => `watch ${path}`);
}

/** The bits of all events of one read, 0 if there are none. What does not fit into it is left for the next one. */
export function inotifyEvents(fd: number): number {
  const length = Number(native.read(fd, events, events.length));
  // Interrupted: it is not known that there are none.
  if (length < 0 && lastErrno() === EAGAIN) return 0;
  if (length < 0 && lastErrno() === EINTR) return IN.CREATE;
  check(length, () => 'read inotify events');
  let bits = 0;
  for (let at = 0; at + EVENT_BYTES <= length; at += EVENT_BYTES + events.readUInt32LE(at + 12))
    bits |= events.readUInt32LE(at + 4);
  return bits;
}
