/**
 * The system calls that Node.js lacks, by `koffi`: synchronous, on the calling thread, which is what unshare(2) and
 * setns(2) act on. Every wrapper turns errno into a NetnsdError with code `kernel_error`.
 */
export * from './libc/bpf.js';
export * from './libc/files.js';
export * from './libc/inotify.js';
export * from './libc/namespaces.js';
export * from './libc/polling.js';
export * from './libc/processes.js';
export * from './libc/sockets.js';
