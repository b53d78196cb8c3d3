import type { PoolService } from '../pool/index.js';
import type { ApiPatchBundle, ApiPatchedBundle } from './schemas.js';

/** What the API needs of a logger; pino's fits. */
export interface ApiLog {
  debug(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface ApiOptions {
  readonly service: PoolService;
  readonly log: ApiLog;
  readonly version: string;
  /** When the daemon started, as Date.now(). */
  readonly startedAt: number;
  /** Leases an endpoint and writes its path into a bundle; the oci room's. */
  readonly patchBundle: (request: ApiPatchBundle & { signal: AbortSignal }) => Promise<ApiPatchedBundle>;
}
