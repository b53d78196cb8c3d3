import type { Endpoint } from '../endpoint.js';
import type { BuiltEndpoint, VerifyWay } from '../ports/index.js';
import type { Reason, Usage } from './recycle.js';

/** A released endpoint that was not recycled yet. */
export interface Released {
  readonly endpoint: Endpoint;
  readonly usage: Usage;
  /** The namespace that its container is in: its own, or the one into which it was grafted. */
  readonly netnsInode: number;
  /** Whether it is known that no process is inside. */
  readonly empty: boolean;
}

/** A released endpoint that may be used again. */
export interface Clean {
  readonly endpoint: Endpoint;
  readonly way: VerifyWay | 'reuse';
  /** Whether it has a new seal. */
  readonly sealed: boolean;
}

/** A released endpoint that is to be replaced. */
export interface Rejected {
  readonly endpoint: Endpoint;
  readonly reason: Reason;
}

/** What the recycler reports when a request to the kernel thread has ended. */
export interface RecycleReport {
  readonly actor: 'recycler';
  readonly clean: readonly Clean[];
  readonly rejected: readonly Rejected[];
  /** Whether an endpoint that counted as `verifying` does not become ready. */
  readonly lost: boolean;
}

/** The reason for an endpoint that was released while a process was inside. */
export const PROCESS_INSIDE: Reason = {
  kind: 'process inside',
  text: 'it was released while a process was inside',
};

/** An endpoint as the kernel thread needs it named. */
export function builtOf({ key, record }: Endpoint): BuiltEndpoint {
  return { name: key, netnsInode: record.facts?.netns.inode ?? 0 };
}
