import type { PoolService } from '../pool/index.js';
import type { PeerCredentials, PeerOf } from './delivery.js';
import type {
  ApiDnsFiles,
  ApiGraft,
  ApiGrafted,
  ApiPatchBundle,
  ApiPatchedBundle,
  ApiReconciliation,
} from './schemas/index.js';

/** What the API needs of a logger; pino's fits. */
export interface ApiLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Leases an endpoint and writes its path into a bundle; the oci room's. Throws NetnsdErrors. */
export type PatchBundle = (
  request: ApiPatchBundle & { readonly signal: AbortSignal; readonly peer: PeerCredentials | null },
) => Promise<ApiPatchedBundle>;

/** Leases an endpoint and moves its interface into the namespace of a container's process. Throws NetnsdErrors. */
export type GraftContainer = (
  request: ApiGraft & { readonly signal: AbortSignal; readonly peer: PeerCredentials | null },
) => Promise<ApiGrafted>;

export interface ApiOptions {
  /** The pools, started: what is leased when the API is made counts as known to its holder. */
  readonly service: PoolService;
  readonly log: ApiLog;
  readonly version: string;
  /** When the daemon started, as Date.now(). */
  readonly startedAt: number;
  readonly patchBundle: PatchBundle;
  readonly graftContainer: GraftContainer;
  /** Compares what there is with what should be. Throws NetnsdErrors. */
  readonly reconcile: (options: { fix: boolean }) => Promise<ApiReconciliation>;
  /** Writes the files of a lease; throws `lease_not_found`, `state_write_failed`. */
  readonly dnsFiles: (leaseId: string, hostname: string | undefined) => ApiDnsFiles;
  /** Who is at the other end of a connection, to be logged with each lease; default: nobody knows. */
  readonly peerOf?: PeerOf | undefined;
  /** How many connections there may be at once; further ones are closed unheard. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** How long a client may take to send a whole request; default 10 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How often an event stream says that it is alive; default 15 000. */
  readonly heartbeatMs?: number | undefined;
}
