import { NetnsdError } from '../../../src/errors.js';
import type {
  AddressCooldowns,
  BuiltEndpoint,
  EndpointFacts,
  EndpointKey,
  EndpointRecord,
  Endpoints,
  Place,
  PoolEvent,
  PoolSettings,
  Processes,
  Settled,
  Shelf,
  Verdict,
  VerifyRequest,
  VerifyWay,
} from '../../../src/pool/index.js';
import { Pools } from '../../../src/pool/index.js';
import { FakeClock } from './fake-clock.js';
import { FakeRecords } from './fake-records.js';

export function factsOf(key: EndpointKey): EndpointFacts {
  return {
    netns: { path: `/run/netns/${key.id}`, inode: 4026531840 + key.seq },
    interface: { name: 'eth0', mac: key.mac ?? '02:00:0a:00:00:02', mtu: 1500, hostName: `nv${key.seq}` },
    addresses: [{ address: `10.0.${key.index >> 8}.${key.index & 255}/16`, gateway: '10.0.0.1' }],
    routes: [{ destination: '0.0.0.0/0', gateway: '10.0.0.1' }],
    publishedPorts: [],
    dns: { servers: [], search: [], options: [] },
  };
}

/** A request that was not answered yet. */
export interface FakeRequest {
  readonly kind: 'build' | 'destroy';
  readonly keys: readonly EndpointKey[];
  readonly urgent: boolean;
  /** Answers; the endpoints at the positions of `failing` fail. */
  answer(failing?: (position: number) => boolean): void;
  /** Answers that all of it failed so, with something left behind. */
  answerWith(error: NetnsdError): void;
  /** Loses the request as a whole, with what it may have made. */
  lose(): void;
}

/** Endpoints in memory. Answers at once, or when the test says so (`manual`), in any order. */
export class FakeEndpoints implements Endpoints {
  manual = false;
  failBuilds = false;
  failDestroys = false;
  readonly requests: FakeRequest[] = [];
  readonly log: { kind: 'build' | 'destroy'; ids: string[]; urgent: boolean }[] = [];
  readonly alive = new Map<string, EndpointKey>();
  readonly faults: string[] = [];

  build(keys: readonly EndpointKey[], options: { urgent: boolean }): Promise<Settled<EndpointFacts>[]> {
    for (const key of keys) {
      for (const other of this.alive.values()) {
        if (other.pool === key.pool && other.index === key.index) this.faults.push(`index ${key.index} built twice`);
      }
      this.alive.set(key.id, key);
    }
    return this.#ask('build', keys, options.urgent, (key, fails): Settled<EndpointFacts> => {
      if (!fails) return { ok: true, value: factsOf(key) };
      this.alive.delete(key.id);
      return {
        ok: false,
        error: new NetnsdError('kernel_error', `no link for ${key.id}`, { details: { errno: 'EBUSY' } }),
      };
    });
  }

  placeOf(_pool: string, { address, mac }: Parameters<Endpoints['placeOf']>[1]): Place {
    const index = address === undefined ? null : Number(address.split('.')[3]);
    return { index, address: address ?? null, mac: mac ?? null };
  }

  destroy(keys: readonly EndpointKey[]): Promise<Settled<void>[]> {
    return this.#ask('destroy', keys, false, (key, fails): Settled<void> => {
      if (fails) return { ok: false, error: new NetnsdError('destroy_failed', `${key.id} is busy`) };
      this.alive.delete(key.id);
      return { ok: true, value: undefined };
    });
  }

  /** Processes inside, by inode. */
  readonly inside = new Map<number, number[]>();
  /** What a check finds, by id; nothing: pristine. */
  readonly traces = new Map<string, { kind: string; text: string }>();
  readonly checks: { id: string; way: VerifyWay; sealed: boolean }[] = [];
  readonly seals = new Set<string>();
  /** Keeps checks waiting until it resolves. */
  holdChecks: Promise<void> | null = null;

  async seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    for (const { name } of endpoints) this.seals.add(name.id);
    return endpoints.map(() => true);
  }

  async verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]> {
    for (const { name, way, sealed } of endpoints) this.checks.push({ id: name.id, way, sealed });
    await this.holdChecks;
    return endpoints.map(({ name, netnsInode, way }): Verdict => {
      const [pid] = this.inside.get(netnsInode) ?? [];
      if (pid !== undefined) return { clean: false, kind: 'process inside', text: `process ${pid} is inside` };
      const trace = this.traces.get(name.id);
      return trace === undefined ? { clean: true, way, sealed: true } : { clean: false, ...trace };
    });
  }

  /** Endpoints whose paths were renewed and retracted. */
  readonly renewed: string[] = [];
  readonly retracted: string[] = [];

  renewPath({ id }: EndpointKey): string {
    this.renewed.push(id);
    return `/run/netns/${this.renewed.length}/${id}`;
  }

  retractPath({ id }: EndpointKey): void {
    this.retracted.push(id);
  }

  /** Ids of endpoints whose namespaces others unmounted. */
  readonly unmounted = new Set<string>();

  isMounted({ name }: BuiltEndpoint): boolean {
    return !this.unmounted.has(name.id);
  }

  /** `ID TENANT` of each; the next call fails with `refusesAdmission`. */
  readonly admitted: string[] = [];
  refusesAdmission: Error | null = null;

  async admit(endpoints: readonly { name: EndpointKey; tenant: string }[]): Promise<void> {
    await Promise.resolve();
    if (this.refusesAdmission !== null) throw this.refusesAdmission;
    this.admitted.push(...endpoints.map(({ name, tenant }) => `${name.id} ${tenant}`));
  }

  async users(inodes: readonly number[]): Promise<number[][]> {
    return inodes.map((inode) => this.inside.get(inode) ?? []);
  }

  #ask<T>(
    kind: 'build' | 'destroy',
    keys: readonly EndpointKey[],
    urgent: boolean,
    outcome: (key: EndpointKey, fails: boolean) => T,
  ): Promise<T[]> {
    this.log.push({ kind, ids: keys.map((key) => key.id), urgent });
    const failAll = () => (kind === 'build' ? this.failBuilds : this.failDestroys);
    return new Promise((resolve, reject) => {
      const done = () => this.requests.splice(this.requests.indexOf(request), 1);
      const request: FakeRequest = {
        kind,
        keys,
        urgent,
        answer: (failing = failAll) => {
          done();
          resolve(keys.map((key, position) => outcome(key, failing(position))));
        },
        answerWith: (error) => {
          done();
          resolve(keys.map(() => ({ ok: false, error }) as T));
        },
        lose: () => {
          done();
          reject(new NetnsdError('worker_failed', 'the worker ended'));
        },
      };
      this.requests.push(request);
      if (!this.manual) request.answer();
    });
  }
}

export type Sizes = Partial<PoolSettings>;

export function settingsOf(sizes: Sizes = {}): PoolSettings {
  return {
    name: 'default',
    minReady: 2,
    max: 10,
    capacity: 20,
    buildBatch: 4,
    addressCooldownSeconds: 0,
    recycle: 'replace',
    unknownSpec: 'proof',
    sizing: 'fixed',
    idleSeconds: 80,
    ...sizes,
  };
}

/** Pools over fakes, started, with nothing built yet. */
export function world(
  options: {
    pools?: Sizes[];
    adopted?: EndpointRecord[];
    seq?: number;
    jumpMs?: number;
    addressCooldowns?: AddressCooldowns;
    processes?: Processes;
    isBusy?: () => boolean;
    shelf?: Shelf;
  } = {},
) {
  const clock = new FakeClock();
  clock.jump(options.jumpMs ?? 0);
  const endpoints = new FakeEndpoints();
  const records = new FakeRecords();
  const logged: string[] = [];
  const events: PoolEvent[] = [];
  let seq = options.seq ?? 0;
  for (const record of options.adopted ?? []) {
    records.onDisk.set(record.id, record);
    endpoints.alive.set(record.id, record);
  }
  const log = {
    info: (_details: object, message: string) => void logged.push(message),
    warn: (_details: object, message: string) => void logged.push(message),
  };
  const pools = new Pools({
    pools: (options.pools ?? [{}]).map((sizes) => ({ settings: settingsOf(sizes), subnet: '10.0.0.0/16' })),
    endpoints,
    records,
    addressCooldowns: options.addressCooldowns,
    processes: options.processes,
    isBusy: options.isBusy,
    shelf: options.shelf,
    nextSeq: () => ++seq,
    log,
    clock,
  });
  pools.subscribe((event) => events.push(event));
  pools.start(options.adopted);
  return { clock, endpoints, records, logged, events, pools };
}

/** How a promise ends. */
export function outcome<T>(
  promise: Promise<T>,
): Promise<{ value: T | null; error: (Error & { code?: string }) | null }> {
  return promise.then(
    (value) => ({ value, error: null }),
    (error) => ({ value: null, error }),
  );
}
