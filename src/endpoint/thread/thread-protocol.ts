import { NetnsdError } from '../../errors.js';
import type { FormerMounts } from '../../kernel/netns/former-mounts.js';
import type { Link } from '../../kernel/rtnetlink/link.js';
import type { EndpointLink } from '../build/inventory.js';
import type { Inhabited } from '../network/describe.js';
import type { NetworkFinding } from '../network/network-repair.js';
import type { EndpointFacts, EndpointName, NetworkSettings, Settled, Site } from '../types.js';
import type { Verdict, VerifyWay } from '../verify/verify.js';

/** What the thread is told first. */
export interface ThreadSettings {
  readonly site: Site;
  readonly networks: readonly NetworkSettings[];
  /** Namespace that endpoints are connected to, where it is not the process's own. */
  readonly hostNetnsPath?: string;
  /** What version 0.1 left mounted in the host. */
  readonly formerMounts?: FormerMounts | undefined;
}

/** What the kernel holds, as it crosses the threads. */
export interface Found {
  readonly links: readonly EndpointLink[];
  /** In the host: uplinks, and what an earlier version left; see `HostLinks`. */
  readonly uplinks: readonly Pick<Link, 'name'>[];
  /** Names of the hubs. */
  readonly hubs: readonly string[];
  readonly namespaces: readonly (readonly [id: string, inode: number | undefined])[];
}

/** An endpoint, and whom it serves. */
export interface TenantEndpoint {
  readonly name: EndpointName;
  readonly tenant: string;
}

/** An endpoint that serves a tenant, or served one. */
export function ofTenant(name: AdoptedEndpoint): TenantEndpoint[] {
  const tenant = name.lease?.tenant ?? name.tenant ?? null;
  return tenant === null ? [] : [{ name, tenant }];
}

/** An endpoint's namespace, and the hub of the interface's other end. */
export interface BuiltNamespace {
  readonly inode: number;
  readonly hub: string;
}

/** An endpoint that exists, told apart from another at the same path by its namespace. */
export interface BuiltEndpoint {
  readonly name: EndpointName;
  readonly netnsInode: number;
}

/** An endpoint of an earlier daemon, with the state that it is recorded in, and what it was built with. */
export interface AdoptedEndpoint extends EndpointName {
  readonly state: string;
  /** Whom it serves, or served last. */
  readonly lease?: { readonly tenant: string } | null;
  readonly tenant?: string | null;
  readonly facts?: Pick<EndpointFacts, 'addresses' | 'interface'> | null;
}

/** A released endpoint, and how it is to be verified. */
export interface VerifyRequest extends BuiltEndpoint {
  readonly way: VerifyWay;
  /** Whether it was sealed before it was leased: a seal that was set later has not heard of everything. */
  readonly sealed: boolean;
  /** The container's spec leaves no way to change the network. */
  readonly unprivileged: boolean;
}

/** What exists, which processes are inside, and what is not as it was built. */
export interface Survey {
  readonly found: Found;
  /** Process ids by namespace inode. */
  readonly users: ReadonlyMap<number, readonly number[]>;
  /** For each ready endpoint what it lacks inside, or null. */
  readonly lacking: readonly (string | null)[];
}

export interface Jobs {
  /** Takes over what version 0.1 left mounted, and opens the hubs that there are; the path of the vault's root. */
  openVault: { in: null; out: string };
  /** Begins anew with other networks, knowing nothing of endpoints, as a thread that has just started. */
  configure: { in: { networks: readonly NetworkSettings[] }; out: null };
  /** Makes or takes over the hubs. */
  open: { in: { retired: readonly NetworkSettings[] }; out: null };
  inventory: { in: null; out: Found };
  /** What is in the namespaces of these processes; see `describeNamespaces`. */
  describe: { in: { pids: readonly number[] }; out: Inhabited[] };
  /** What else is told of an endpoint follows from its name. */
  build: { in: { names: readonly EndpointName[]; urgent: boolean }; out: Settled<BuiltNamespace>[] };
  destroy: { in: { names: readonly EndpointName[] }; out: Settled<void>[] };
  /** Moves the interface of an endpoint into the namespace behind a descriptor of this process; see `graftEndpoint`. */
  graft: { in: { name: EndpointName; targetFd: number }; out: null };
  /** Takes over endpoints of an earlier daemon; false where the link is in no hub of its pool. */
  adopt: { in: { names: readonly AdoptedEndpoint[] }; out: boolean[] };
  /** Lets endpoints reach those of their tenant, where the pool isolates tenants. */
  admit: { in: { endpoints: readonly TenantEndpoint[] }; out: null };
  /** Gives hubs whose rules were changed their own again; the names of these hubs. */
  restoreWalls: { in: null; out: string[] };
  /** Seals endpoints that are ready; false for those that could not be sealed. */
  seal: { in: { endpoints: readonly BuiltEndpoint[] }; out: boolean[] };
  verify: { in: { endpoints: readonly VerifyRequest[] }; out: Verdict[] };
  /** Ids of the processes inside each namespace. */
  users: { in: { netnsInodes: readonly number[] }; out: number[][] };
  /** Why there are no seals, or what they do not see; null: nothing is lacking. */
  sealing: { in: null; out: string | null };
  /** Finds faults of the pools' networks at the host, and repairs them if asked to; see `repairNetwork`. */
  repair: { in: { endpoints: readonly EndpointName[]; fix: boolean }; out: NetworkFinding[] };
  /** `thorough`: all ready endpoints are checked; otherwise the sealed ones, and some of the others, in turn. */
  survey: { in: { ready: readonly BuiltEndpoint[]; thorough: boolean }; out: Survey };
  /** Removes hubs, and links of the host by name; the names of those that could not be removed. */
  removeStale: { in: { hubs: readonly string[]; links: readonly string[] }; out: string[] };
  /** Removes the hubs of a pool and its link in the host; the names of links that could not be removed. */
  removeNetwork: { in: { pool: string }; out: string[] };
  /** Collects the thread's garbage; see `collectGarbage`. */
  collect: { in: null; out: null };
  close: { in: null; out: null };
}

export type JobKind = keyof Jobs;

export interface JobMessage<K extends JobKind = JobKind> {
  readonly ticket: number;
  readonly kind: K;
  readonly input: Jobs[K]['in'];
}

/** An error as data: structured clone would lose its class. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
  /** Present where an error of netnsd's caused this one. */
  readonly cause?: PlainError;
}

export interface ReplyMessage {
  readonly ticket: number;
  readonly output?: unknown;
  readonly error?: PlainError;
}

type Plain<T> = { ok: true; value: T } | { ok: false; error: PlainError };

export function toPlainError(error: unknown): PlainError {
  if (error instanceof NetnsdError) {
    const { code, message, details, cause } = error;
    return { code, message, details, ...(cause instanceof NetnsdError ? { cause: toPlainError(cause) } : {}) };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message: text, details: {} };
}

export function fromPlainError({ code, message, details, cause }: PlainError): NetnsdError {
  const options = cause === undefined ? { details } : { details, cause: fromPlainError(cause) };
  return new NetnsdError(code as NetnsdError['code'], message, options);
}

export function toPlain<T>(outcomes: readonly Settled<T>[]): Plain<T>[] {
  return outcomes.map((outcome) => (outcome.ok ? outcome : { ok: false, error: toPlainError(outcome.error) }));
}

export function fromPlain<T>(outcomes: readonly Plain<T>[]): Settled<T>[] {
  return outcomes.map((outcome) => (outcome.ok ? outcome : { ok: false, error: fromPlainError(outcome.error) }));
}
