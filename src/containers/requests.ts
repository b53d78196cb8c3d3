import type { Lease } from '../pool/index.js';

/** A container that needs a network, as its runtime or its hook describes it. The API's schemas satisfy these types. */
interface ContainerRequest {
  /** Absolute path of the folder that holds config.json. */
  readonly bundle: string;
  readonly containerId: string;
  readonly pool?: string | undefined;
  readonly tenant?: string | undefined;
  /** Seconds to wait for an endpoint if the pool is at its max. */
  readonly wait?: number | undefined;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** The client's process; absent or null: not known, which counts as root. */
  readonly peer?: { readonly uid: number } | null;
}

export interface PatchRequest extends ContainerRequest {
  /** Whether the container sees the lease's DNS files; undefined: the pool's `mount_dns` decides. */
  readonly dns?: boolean | undefined;
}

export interface GraftRequest extends ContainerRequest {
  /** The container's first process. */
  readonly pid: number;
}

/** What was done for a container. `passthrough`: nothing, for the `reason`. */
export interface ContainerOutcome<Action extends string> {
  readonly action: Action | 'passthrough';
  readonly reason?: string;
  /** Whether the container held the lease before the request. */
  readonly existing?: boolean;
  readonly lease?: Lease;
}
export type Patched = ContainerOutcome<'patched'>;
export type Grafted = ContainerOutcome<'grafted'>;

export function passthrough(reason: string): ContainerOutcome<never> {
  return { action: 'passthrough', reason };
}
