import type { LeaseAttachment, PoolService } from '../pool/index.js';
import type { PeerCredentials, PeerOf } from './delivery.js';
import type {
  ApiConfiguration,
  ApiDnsFiles,
  ApiGraft,
  ApiGrafted,
  ApiPatchBundle,
  ApiPatchedBundle,
  ApiPoolSettings,
  ApiReconciliation,
  ApiReload,
} from './schemas/index.js';

/** The methods of a logger that the API uses; pino has them. */
export interface ApiLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Leases an endpoint and writes its path into a bundle. Throws NetnsdErrors. */
export type PatchBundle = (
  request: ApiPatchBundle & { readonly signal: AbortSignal; readonly peer: PeerCredentials | null },
) => Promise<ApiPatchedBundle>;

/** Leases an endpoint and moves its interface into the namespace of a container's process. Throws NetnsdErrors. */
export type GraftContainer = (
  request: ApiGraft & { readonly signal: AbortSignal; readonly peer: PeerCredentials | null },
) => Promise<ApiGrafted>;

export interface ApiOptions {
  /** The pools. */
  readonly service: PoolService;
  /** Resolves when the pools have started; until then only `/v1/status` and `/healthz` answer, and all else waits. Default: they have. */
  readonly started?: Promise<unknown> | undefined;
  readonly log: ApiLog;
  readonly version: string;
  /** When the daemon started, as Date.now(). */
  readonly startedAt: number;
  /** What the daemon does without on this host, in sentences; it may become longer. Default: nothing. */
  readonly warnings?: readonly string[] | undefined;
  /** What netnsd-cni did for the lease of this container id. Default: nothing. */
  readonly attachmentOf?: ((containerId: string) => LeaseAttachment | undefined) | undefined;
  /** Every setting of a configured pool, by its key. Default: none is told. */
  readonly settingsOf?: ((pool: string) => ApiPoolSettings | undefined) | undefined;
  /** When the configuration in effect was read, and why a newer one is not. Default: not told. */
  readonly configuration?: (() => ApiConfiguration) | undefined;
  /** Reads the configuration again. Throws NetnsdErrors. Default: nothing changes. */
  readonly reload?: (() => Promise<ApiReload>) | undefined;
  readonly patchBundle: PatchBundle;
  readonly graftContainer: GraftContainer;
  /** Compares records, kernel and processes, and repairs the difference with `fix`. Throws NetnsdErrors. */
  readonly reconcile: (options: { fix: boolean }) => Promise<ApiReconciliation>;
  /** Writes the DNS files of a lease. Throws `lease_not_found`, `state_write_failed`. */
  readonly dnsFiles: (leaseId: string, hostname: string | undefined) => ApiDnsFiles;
  /** The process at the other end of a connection, logged with each lease. Default: not known. */
  readonly peerOf?: PeerOf | undefined;
  /** The greatest number of connections; further ones are closed at once. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** How long a client may take to send a request. Default: 10 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** The interval of comments in an event stream. Default: 15 000. */
  readonly heartbeatMs?: number | undefined;
}
