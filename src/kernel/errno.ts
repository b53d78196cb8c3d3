import { constants } from 'node:os';
import { type ErrorDetails, NetnsdError } from '../errors.js';

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]));
/** Errno values that libuv does not list, or lists under two names; include/uapi/asm-generic/errno.h. */
NAMES.set(11, 'EAGAIN').set(54, 'EXFULL').set(105, 'ENOBUFS').set(99, 'EADDRNOTAVAIL');

/** The symbolic name of a positive errno, for example `EEXIST`; errno(3). */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

export interface KernelFailure {
  /** What was asked of the kernel, as a sentence part: `create veth nd-k3f9-1`. */
  readonly operation: string;
  /** Positive errno. */
  readonly errno: number;
  /** The kernel's own words: NLMSGERR_ATTR_MSG of its extended acknowledgement. */
  readonly extendedAck?: string | undefined;
  readonly details?: ErrorDetails;
}

/** The one place where an errno becomes an error. */
export function kernelError({ operation, errno, extendedAck, details }: KernelFailure): NetnsdError {
  const name = errnoName(errno);
  const words = extendedAck === undefined ? name : `${name}: ${extendedAck}`;
  return new NetnsdError('kernel_error', `cannot ${operation}: ${words}`, {
    details: { operation, errno: name, ...(extendedAck === undefined ? {} : { extendedAck }), ...details },
  });
}

/** The symbolic errno of an error made by the kernel room or by node:fs; undefined for any other. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof NetnsdError && error.code === 'kernel_error') return String(error.details.errno);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The thing is not there: what a teardown takes for success. */
export function isNotFound(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENODEV' || errno === 'ESRCH' || errno === 'EADDRNOTAVAIL';
}

/** No route leads there; or one of type unreachable, prohibit, blackhole or throw does (fib_props of net/ipv4/fib_semantics.c). */
export function isUnreachable(error: unknown): boolean {
  return ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ESRCH'].includes(errnoOf(error) ?? '');
}

/** Something of that name is there already. */
export function isExisting(error: unknown): boolean {
  return errnoOf(error) === 'EEXIST';
}
