/** The typed client of netnsd's API: what this package exports. */
export type {
  ApiAcquire as AcquireRequest,
  ApiLease as Lease,
  ApiPatchBundle as PatchBundleRequest,
  ApiPatchedBundle as PatchedBundle,
  ApiPoolStatus as PoolStatus,
  ApiStatus as Status,
} from '../api/schemas.js';
export { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';
export type { PoolEvent } from '../pool/service.js';
export { type ClientOptions, DEFAULT_SOCKET, NetnsdClient } from './client.js';
