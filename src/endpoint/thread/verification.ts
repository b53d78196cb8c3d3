import { genericFamilies } from '../../kernel/netlink/generic-families.js';
import { NetnsCensus } from '../../kernel/netns/netns-census.js';
import type { Host } from '../host.js';
import type { Network } from '../network/network.js';
import { planEndpoint } from '../plan.js';
import type { Site } from '../types.js';
import { References } from '../verify/fingerprint/references.js';
import { readPristine } from '../verify/pristine.js';
import { readyProblem } from '../verify/ready-check.js';
import { Seals } from '../verify/seals.js';
import { sealEndpoints, type Verdict, type Verifier, verifyEndpoints } from '../verify/verify.js';
import type { BuiltEndpoint, VerifyRequest } from './thread-protocol.js';

/** How many endpoints may be sealed for builds not to be slowed down noticeably (4 % of a build with 32); see `JobQueue`. */
const FEW_SEALS = 32;

/** After how many ready endpoints are looked into the thread is given back, so that urgent work need not wait for all. */
const CHECKS_A_TURN = 8;

interface VerificationOptions {
  readonly host: Host;
  readonly site: Site;
  readonly network: (endpoint: BuiltEndpoint) => Network;
}

/** Seals endpoints, verifies them and knows what pristine is; all of it is made when it is first needed. */
export class Verification {
  readonly #options: VerificationOptions;
  #verifier: Verifier | null = null;
  #census: NetnsCensus | null = null;
  /** Where the next look at ready endpoints begins. */
  #nextCheck = 0;
  /** One reading at a time. */
  #pristine: Promise<void> = Promise.resolve();

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  /** Why endpoints are not sealed, or what a seal does not see; null: nothing is lacking. */
  get lackingOfSeals(): string | null {
    return this.#verify().seals.lacking;
  }

  get sealsAreFew(): boolean {
    return this.#verifier === null || this.#verifier.seals.size < FEW_SEALS;
  }

  async seal(endpoints: readonly BuiltEndpoint[]): Promise<boolean[]> {
    await this.#readPristine(endpoints);
    return sealEndpoints(
      this.#verify(),
      endpoints.map((endpoint) => this.#target(endpoint)),
    );
  }

  async verify(endpoints: readonly VerifyRequest[]): Promise<Verdict[]> {
    await this.#readPristine(endpoints);
    const verifier = this.#verify();
    for (const { name, sealed } of endpoints) if (!sealed) verifier.seals.forget(name.id);
    return verifyEndpoints(
      verifier,
      endpoints.map((endpoint) => ({
        ...this.#target(endpoint),
        way: endpoint.way,
        unprivileged: endpoint.unprivileged,
      })),
    );
  }

  /** The listener of a seal is a socket inside: a namespace that is to go would outlive its mount. */
  forget(id: string): void {
    this.#verifier?.seals.forget(id);
  }

  /**
   * What each ready endpoint lacks, or null. An intact seal has heard of no change at all, so nothing is lacking. Of the others `most`
   * are looked into, and others the next time.
   */
  async problemsOf(ready: readonly BuiltEndpoint[], { most }: { most: number }): Promise<(string | null)[]> {
    const problems = new Array<string | null>(ready.length).fill(null);
    const first = this.#nextCheck;
    for (let step = 0, checked = 0; step < ready.length && checked < most; step += 1) {
      const position = (first + step) % ready.length;
      const endpoint = ready[position] as BuiltEndpoint;
      if (this.#verifier?.seals.state(endpoint.name.id).intact === true) continue;
      if (checked % CHECKS_A_TURN === 0) await new Promise(setImmediate);
      problems[position] = readyProblem(this.#options.host, this.#target(endpoint));
      checked += 1;
      this.#nextCheck = position + 1;
    }
    return problems;
  }

  census(): NetnsCensus {
    this.#census ??= NetnsCensus.open();
    return this.#census;
  }

  close(): void {
    this.#verifier?.seals.close();
    this.#census?.close();
  }

  /** Reads what pristine is, for each pool that has no reference; requests that come meanwhile wait for the same reading. */
  #readPristine(endpoints: readonly BuiltEndpoint[]): Promise<void> {
    const verifier = this.#verify();
    const { site, network } = this.#options;
    const networks = new Map(endpoints.map((endpoint) => [endpoint.name.pool, network(endpoint)]));
    for (const [pool, network] of networks) {
      this.#pristine = this.#pristine.then(async () => {
        if (verifier.references.wanted(pool)) await readPristine(verifier, site, network);
      });
    }
    return this.#pristine;
  }

  #verify(): Verifier {
    this.#verifier ??= {
      host: this.#options.host,
      census: this.census(),
      seals: new Seals(),
      references: new References(),
      surroundings: { families: genericFamilies() },
    };
    return this.#verifier;
  }

  #target(endpoint: BuiltEndpoint) {
    const { name, netnsInode } = endpoint;
    const network = this.#options.network(endpoint);
    const plan = planEndpoint(this.#options.site, network.settings, name);
    return { plan, netnsInode, port: network.portOf(name.id) };
  }
}
