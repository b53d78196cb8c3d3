import { closeAnyway } from './files.js';
import { check, native } from './native.js';

export const CLONE_NEWNET = 0x40000000;
const CLONE_NEWNS = 0x00020000;
const CLONE_FS = 0x00000200;

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

/** Of fsopen(2), fsconfig(2) and fsmount(2), on every architecture; C libraries before glibc 2.36 lack the functions. */
const SYS = { fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
/** include/uapi/linux/mount.h */
const [FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC, FSCONFIG_CMD_CREATE] = [1, 1, 6];

/** A procfs that is mounted nowhere (fsmount(2)), as a descriptor: the caller's to close, which unmounts it. Throws kernel_error. */
export function mountProcfs(): number {
  const operation = () => 'make a procfs';
  const context = check(Number(native.syscallText(SYS.fsopen, 'proc', FSOPEN_CLOEXEC)), operation);
  try {
    check(Number(native.syscallFive(SYS.fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0)), operation);
    return check(Number(native.syscallFive(SYS.fsmount, context, FSMOUNT_CLOEXEC, 0, 0, 0)), operation);
  } finally {
    closeAnyway(context);
  }
}

/** umount2(2). */
export function unmount(target: string, flags: number): void {
  check(native.umount2(target, flags), () => `unmount ${target}`);
}
