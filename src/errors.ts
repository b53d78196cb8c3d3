/**
 * Every error that netnsd tells a caller about: its stable code, what it means and the HTTP status that carries it.
 * The table of docs/reference.md is held to this registry by a test.
 */
export const ERROR_CODES = {
  bad_usage: { status: 400, meaning: 'The command line is wrong.' },
  bad_request: { status: 400, meaning: 'The request does not fit its schema.' },
  not_found: { status: 404, meaning: 'There is no such resource.' },
  pool_not_found: { status: 404, meaning: 'No pool has this name.' },
  lease_not_found: { status: 404, meaning: 'No lease has this id.' },
  endpoint_not_found: { status: 404, meaning: 'Nothing is known (any more) of an endpoint of this id.' },
  lease_conflict: {
    status: 409,
    meaning: 'The container holds a lease on other terms (another tenant, or bound to another process or none).',
  },
  process_gone: {
    status: 409,
    meaning: 'The process that a lease was to be bound to has ended, or the daemon cannot see it.',
  },
  lease_in_use: {
    status: 409,
    meaning: 'A process is still inside the endpoint of the lease; details name it, and `force` releases all the same.',
  },
  pool_exhausted: {
    status: 503,
    meaning: 'Every endpoint of the pool is in use and it is at its max, or its free addresses have to rest.',
  },
  client_gone: { status: 499, meaning: 'The client left before its answer; what it would have got went back.' },
  shutting_down: { status: 503, meaning: 'The daemon is stopping and takes no new work.' },
  body_too_large: { status: 413, meaning: 'The request body is larger than the daemon reads.' },
  build_failed: { status: 500, meaning: 'An endpoint could not be built; details name the step and the errno.' },
  destroy_failed: { status: 500, meaning: 'An endpoint could not be removed completely; it is kept as broken.' },
  kernel_error: { status: 500, meaning: 'The kernel refused a request; details hold the errno and its own words.' },
  deadline_exceeded: { status: 504, meaning: 'The kernel or the worker did not answer in time.' },
  worker_failed: { status: 500, meaning: 'The kernel worker thread ended; the daemon has to be started again.' },
  internal: { status: 500, meaning: 'A fault of netnsd itself; please report it.' },
  config_invalid: { status: 500, meaning: 'The configuration has an unknown key or a bad value.' },
  subnet_overlap: { status: 500, meaning: "A pool's subnet overlaps a route, an address or another pool." },
  daemon_running: { status: 500, meaning: 'A daemon answers on this socket already.' },
  state_dir_locked: { status: 500, meaning: 'Another daemon runs on this state directory.' },
  state_dir_unsafe: { status: 500, meaning: 'The state directory may be written to by others, or is no directory.' },
  state_unusable: {
    status: 500,
    meaning: 'A record cannot be read at the start for lack of resources; nothing is given up for that.',
  },
  state_write_failed: { status: 503, meaning: 'A record could not be written to the state directory (full?).' },
  missing_privilege: { status: 500, meaning: 'netnsd lacks root or a capability it needs.' },
  missing_tool: { status: 500, meaning: 'A program that this command needs is not installed.' },
  daemon_unreachable: { status: 503, meaning: 'Nothing answers on the socket.' },
  bundle_invalid: { status: 422, meaning: 'The bundle or its config.json cannot be patched.' },
  bundle_host_network: { status: 422, meaning: "The bundle's spec has no network namespace: it shares the host's." },
  graft_refused: {
    status: 409,
    meaning: "Nothing can be moved there: the process has ended, its namespace is the host's own, or it has an eth0.",
  },
  graft_failed: { status: 500, meaning: 'A graft failed and was undone; details name the step and the errno.' },
  bundle_path_set: { status: 409, meaning: "The bundle's network namespace already has a path." },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What happened where: operation, endpoint, namespace, interface, errno, the kernel's extended acknowledgement, … */
export type ErrorDetails = Record<string, unknown>;

/** The one error class of netnsd: `message` says what failed, on what and what to do; callers branch on `code`. */
export class NetnsdError extends Error {
  override readonly name = 'NetnsdError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The HTTP status that carries this error. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }
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
