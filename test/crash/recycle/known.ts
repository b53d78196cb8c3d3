import { basename } from 'node:path';
import type { ApiLease } from '../../../src/api/schemas/index.js';
import { Occupation } from './occupation.js';

/** What is left in an endpoint: surely nothing, surely something, or something that may have gone by itself. */
export type Traces = 'none' | 'unsure' | 'left';

/** One endpoint as its holders know it, told apart from all others by its namespace's cookie. */
export class Known {
  readonly cookie: bigint;
  /** Of its lease, or of the last one. */
  path: string;
  readonly inode: number;
  /** `default-17`: the path's name without its token. */
  readonly id: string;
  readonly address: string;
  readonly mac: string;
  readonly hostName: string;
  readonly tenant: string;
  readonly occupation = new Occupation();
  /** Kinds of reasons for which it may be replaced after what has happened to it. */
  readonly kinds = new Set<string>();
  /** What has happened to it, for people. */
  readonly story: string[] = [];
  /** Null: it is not leased. */
  lease: ApiLease | null = null;
  traces: Traces = 'none';
  /** The paths of all leases that it has had. */
  readonly #paths = new Set<string>();

  constructor(lease: ApiLease, cookie: bigint) {
    this.cookie = cookie;
    this.path = lease.netns.path;
    this.inode = lease.netns.inode;
    this.id = basename(this.path).replace(/\.[0-9a-f]+$/, '');
    this.address = lease.addresses[0]?.address.split('/')[0] as string;
    this.mac = lease.interface.mac;
    this.hostName = lease.interface.hostName;
    this.tenant = lease.tenant;
  }

  /** Something happened to it: what is left of it at most, and what may be found of it. */
  note(what: string, traces: Traces, kinds: readonly string[]): void {
    this.story.push(what);
    for (const kind of kinds) this.kinds.add(kind);
    if (traces === 'left' || this.traces === 'none') this.traces = traces;
  }

  /** Why it may not have been leased as `lease`; empty: it may. */
  wrongAs({ netns, tenant, trust }: ApiLease): string[] {
    const { lease, traces, occupation } = this;
    return [
      ...(lease === null ? [] : [`${lease.id} has it already`]),
      ...(traces === 'left' ? ['something was left in it'] : []),
      ...(tenant === this.tenant ? [] : [`the tenant ${this.tenant} has had it`]),
      ...(this.#paths.has(netns.path) ? ['a lease before had the same path'] : []),
      ...(netns.inode === this.inode ? [] : [`it was ${this.path}, ${this.inode}`]),
      ...(occupation.pids.length > 0 ? [`process ${occupation.pids} is inside`] : []),
      ...(occupation.isHeld ? ['a process outside holds it'] : []),
    ].map((why) => `${netns.path} was given to ${tenant} (${trust}) although ${why}: ${this.story.join('; ')}`);
  }

  given(lease: ApiLease): void {
    this.lease = lease;
    this.path = lease.netns.path;
    this.#paths.add(this.path);
    this.traces = 'none';
    this.kinds.clear();
    this.story.push(`given to ${lease.tenant} (${lease.trust})`);
  }

  /** Its holder has given it back. */
  released(): void {
    const trust = this.lease?.trust;
    this.lease = null;
    this.note('released', trust === 'privileged' ? 'left' : 'none', trust === 'privileged' ? ['privileged'] : []);
  }
}
