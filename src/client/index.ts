/** The typed client of netnsd's API: what this package exports. */
export type {
  ApiAcquire as AcquireRequest,
  ApiDnsFiles as DnsFiles,
  ApiLease as Lease,
  ApiLeaseQuery as LeaseFilter,
  ApiPatchBundle as PatchBundleRequest,
  ApiPatchedBundle as PatchedBundle,
  ApiPoolStatus as PoolStatus,
  ApiResize as PoolChange,
  ApiStatus as Status,
} from '../api/schemas/index.js';
export { ERROR_CODES, type ErrorCode, NetnsdError } from '../errors.js';
export type { PoolEvent } from '../pool/service.js';
export { DEFAULT_SOCKET, NetnsdClient } from './client.js';
export type { Cancellable, ClientOptions, ManyAcquire, SingleAcquire } from './options.js';
