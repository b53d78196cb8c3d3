import type { Clock } from '../../pool/ports/clock.js';
import type {
  BuiltEndpoint,
  EndpointFacts,
  EndpointKey,
  Endpoints,
  Records,
  Settled,
  Verdict,
  VerifyRequest,
} from '../../pool/types.js';
import type { Random } from './random.js';

/** As `netnsd bench build` measures it on two cores: about 1.2 ms an endpoint in batches of 16, with a tail. */
const BUILD_MS = 1.2;
const BUILD_SPREAD = 0.4;
/** What a request costs beside its endpoints: two messages between threads and the records. */
const REQUEST_MS = 0.5;
/** Unmounting, and the kernel's cleanup of namespaces, which goes on beside builds. */
const DESTROY_MS = 20;
const DESTROY_EACH_MS = 0.4;
/** Looking at a released endpoint; none deviates. */
const VERIFY_MS = 1;

interface Job {
  readonly keys: readonly EndpointKey[];
  readonly done: () => void;
}

/** Endpoints that take time and nothing else. Like the kernel thread: one build at a time, urgent ones first. */
export class SimulatedEndpoints implements Endpoints {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onChange: (existing: number) => void;
  readonly #urgent: Job[] = [];
  readonly #refill: Job[] = [];
  #existing = 0;
  #busy = false;

  /** `onChange` is told how many endpoints exist, those under construction included, whenever that changes. */
  constructor(options: { clock: Clock; random: Random; onChange: (existing: number) => void }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onChange = options.onChange;
  }

  build(keys: readonly EndpointKey[], { urgent }: { urgent: boolean }): Promise<Settled<EndpointFacts>[]> {
    this.#change(keys.length);
    return new Promise((resolve) => {
      const done = () => resolve(keys.map((key) => ({ ok: true, value: factsOf(key) })));
      (urgent ? this.#urgent : this.#refill).push({ keys, done });
      this.#pump();
    });
  }

  placeOf(): never {
    throw new Error('no acquire of the simulation names an address');
  }

  destroy(keys: readonly EndpointKey[]): Promise<Settled<void>[]> {
    return new Promise((resolve) => {
      this.#clock.after(DESTROY_MS + DESTROY_EACH_MS * keys.length, () => {
        this.#change(-keys.length);
        resolve(keys.map(() => ({ ok: true, value: undefined })));
      });
    });
  }

  seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    return Promise.resolve(endpoints.map(() => true));
  }

  verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]> {
    return new Promise((resolve) => {
      this.#clock.after(REQUEST_MS + VERIFY_MS * endpoints.length, () =>
        resolve(endpoints.map(({ way }) => ({ clean: true, way, sealed: true, unprivileged: true }))),
      );
    });
  }

  renewPath({ id }: EndpointKey): string {
    return id;
  }

  retractPath(): void {}

  isMounted(): boolean {
    return true;
  }

  admit(): Promise<void> {
    return Promise.resolve();
  }

  users(netnsInodes: readonly number[]): Promise<number[][]> {
    return Promise.resolve(netnsInodes.map(() => []));
  }

  #pump(): void {
    if (this.#busy) return;
    const job = this.#urgent.shift() ?? this.#refill.shift();
    if (job === undefined) return;
    this.#busy = true;
    const tookMs = job.keys.reduce((sum) => sum + this.#random.logNormal(BUILD_MS, BUILD_SPREAD), REQUEST_MS);
    this.#clock.after(tookMs, () => {
      this.#busy = false;
      job.done();
      this.#pump();
    });
  }

  #change(by: number): void {
    this.#existing += by;
    this.#onChange(this.#existing);
  }
}

/** A file system that forgets: no simulation is restarted. */
export const NO_RECORDS: Records = {
  write() {},
  remove() {},
};

function factsOf({ id, seq }: EndpointKey): EndpointFacts {
  return {
    netns: { path: id, inode: seq },
    interface: { name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1500, hostName: id },
    addresses: [],
    routes: [],
    publishedPorts: [],
    dns: { servers: [], search: [], options: [] },
  };
}
