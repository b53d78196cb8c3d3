/**
 * Every error that netnsd reports to a caller: its stable code, its meaning and its HTTP status. A test keeps the table of
 * the documentation equal to this registry.
 */
export const ERROR_CODES = {
  bad_usage: { status: 400, meaning: 'The command line is wrong.' },
  bad_request: { status: 400, meaning: 'The request does not fit its schema.' },
  not_found: { status: 404, meaning: 'There is no such resource.' },
  pool_not_found: { status: 404, meaning: 'No pool has this name.' },
  lease_not_found: { status: 404, meaning: 'No lease has this id.' },
  endpoint_not_found: { status: 404, meaning: 'No endpoint has this id, nor had one that was destroyed lately.' },
  lease_conflict: {
    status: 409,
    meaning:
      'The container holds a lease with other terms: another tenant, address or MAC, or bound to another process or to none.',
  },
  process_gone: {
    status: 409,
    meaning: 'The process that the lease was to be bound to has ended, or is not visible to the daemon.',
  },
  address_in_use: {
    status: 409,
    meaning:
      'The address or the MAC that was asked for is leased or cools down; the message says by what, or how long.',
  },
  lease_in_use: {
    status: 409,
    meaning: 'A process is inside the endpoint of the lease; details name it. `force` releases the lease anyway.',
  },
  pool_exhausted: {
    status: 503,
    meaning: 'Every endpoint of the pool is in use, and the pool is at its max or its free addresses are in cooldown.',
  },
  client_gone: { status: 499, meaning: 'The client disconnected before the response; nothing was leased.' },
  shutting_down: { status: 503, meaning: 'The daemon is stopping and accepts no new requests.' },
  body_too_large: { status: 413, meaning: 'The request body is too large.' },
  build_failed: { status: 500, meaning: 'An endpoint could not be built; details have the step and the errno.' },
  destroy_failed: {
    status: 500,
    meaning: 'An endpoint could not be destroyed completely; it is kept as broken and retried.',
  },
  kernel_error: {
    status: 500,
    meaning: 'The kernel refused a request; details have the errno and the message of the kernel.',
  },
  deadline_exceeded: { status: 504, meaning: 'The kernel or the kernel thread did not answer in time.' },
  worker_failed: { status: 500, meaning: 'The kernel thread has ended; the daemon must be restarted.' },
  internal: { status: 500, meaning: 'A bug in netnsd; please report it.' },
  config_invalid: { status: 500, meaning: 'The configuration has an unknown key or an invalid value.' },
  subnet_overlap: { status: 500, meaning: 'The subnet of a pool overlaps a route, an address or another pool.' },
  daemon_running: { status: 500, meaning: 'A daemon already listens on this socket.' },
  state_dir_locked: { status: 500, meaning: 'Another daemon uses this state directory.' },
  state_dir_unsafe: { status: 500, meaning: 'The state directory is writable by others, or is not a directory.' },
  state_unusable: {
    status: 500,
    meaning: 'A record could not be read at the start for lack of resources; nothing was changed.',
  },
  state_write_failed: {
    status: 503,
    meaning: 'A record could not be written to the state directory, which may be full.',
  },
  missing_privilege: { status: 500, meaning: 'netnsd is not root, or lacks a capability that it needs.' },
  missing_tool: { status: 500, meaning: 'A program that the command needs is not installed.' },
  daemon_unreachable: { status: 503, meaning: 'No daemon answers on the socket.' },
  bundle_invalid: { status: 422, meaning: 'The bundle or its config.json is not usable.' },
  bundle_host_network: {
    status: 422,
    meaning: "The bundle's spec has no network namespace: the container shares the host's network.",
  },
  graft_refused: {
    status: 409,
    meaning:
      "The interface cannot be moved to this process: it has ended, is in the host's namespace, or already has an eth0.",
  },
  graft_failed: { status: 500, meaning: 'A graft failed and was undone; details have the step and the errno.' },
  bundle_path_set: { status: 409, meaning: "The bundle's network namespace already has a path." },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Operation, endpoint, namespace, interface, errno, the kernel's extended acknowledgement and the like. */
export type ErrorDetails = Record<string, unknown>;

/** The only error class of netnsd. `message`: what failed, on which object, and what to do; callers branch on `code`. */
export class NetnsdError extends Error {
  override readonly name = 'NetnsdError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The HTTP status of this error. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/** A message without the middle of words that are too long to be read, such as an argument of kilobytes. */
export function shortened(message: string): string {
  return message.replace(/\S{301,}/gu, (word) => {
    const characters = [...word];
    return `${characters.slice(0, 200).join('')}…${characters.slice(-60).join('')}`;
  });
}

/** `error` as a NetnsdError: itself if it is one, otherwise wrapped with code `internal`. */
export function toNetnsdError(error: unknown): NetnsdError {
  if (error instanceof NetnsdError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NetnsdError('internal', message, { cause: error });
}

/** Whether `error` is a NetnsdError with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is NetnsdError {
  return error instanceof NetnsdError && error.code === code;
}
