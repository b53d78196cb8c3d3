import type { NetworkFinding } from '../endpoint/network/network-repair.js';
import type { BuiltEndpoint, Survey } from '../endpoint/thread/thread-protocol.js';
import type { EndpointName, Settled, Site } from '../endpoint/types.js';
import { hasCode } from '../errors.js';
import type { EndpointRecord, Pools } from '../pool/index.js';
import type { Finding, Reconciliation } from './findings.js';
import { ofNetwork, ofStray, ofVerdict } from './findings.js';
import { type LeaseTimes, LeaseWatch, type Sight } from './lease-watch.js';
import { judge, SurveyIndex, straysOf, type Verdict } from './running.js';

export interface ReconcilerOptions {
  readonly site: Site;
  readonly pools: Pick<Pools, 'records' | 'lookOverShelf' | 'replace' | 'endLease' | 'sawContainer' | 'occupants'>;
  readonly kernel: {
    repair(endpoints: readonly EndpointName[], options: { fix: boolean }): Promise<NetworkFinding[]>;
    survey(ready: readonly BuiltEndpoint[]): Promise<Survey>;
    destroy(names: readonly EndpointName[]): Promise<Settled<void>[]>;
  };
  /** What the pools lay their endpoints out on, if anything. */
  readonly shelf?: { mend(): void } | undefined;
  readonly times: (pool: string) => LeaseTimes;
  readonly sight: Sight;
  readonly monotonicMs: () => number;
  /** Leases of pools that are no longer configured: they are known, and left alone. */
  readonly orphans: readonly EndpointName[];
}

const LOST_OFFER = { act: 'replace', problem: 'its offer is gone from the shelf' } as const;

/** Compares, while the daemon runs, what there is with what should be; see docs/reconcile.md. One run at a time. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #watch = new LeaseWatch();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Finds what is not as it should be and, with `fix`, puts it right. Rejects with worker_failed and kernel_error. */
  run({ fix }: { fix: boolean }): Promise<Reconciliation> {
    const run = this.#running.then(() => this.#run(fix));
    this.#running = run.catch(() => undefined);
    return run;
  }

  /**
   * Networks first, so that an endpoint is not replaced for a bridge that is made anew. Whatever is decided is decided
   * about a record, and carried out only if its endpoint is still as that record says: acquires, releases and builds go
   * on meanwhile.
   */
  async #run(fix: boolean): Promise<Reconciliation> {
    const { pools, kernel, site } = this.#options;
    const startedMs = performance.now();
    if (fix) this.#options.shelf?.mend();
    const lost = pools.lookOverShelf({ fix });
    const before = pools.records();
    const standing = before.filter(({ state }) => state === 'ready' || state === 'leased');
    const networks = await kernel.repair(standing.map(nameOf), { fix });
    const records = pools.records();
    const ready = records.filter(({ state, facts }) => state === 'ready' && facts !== null);
    const survey = await kernel.survey(
      ready.map((record) => ({ name: nameOf(record), netnsInode: record.facts?.netns.inode ?? 0 })),
    );
    const lacking = new Map(ready.map((record, position) => [record, survey.lacking[position] ?? null]));
    const outcome = fix ? 'done' : 'found';
    const findings = [
      ...networks.map(ofNetwork),
      ...lost.map((record) => ofVerdict(record, LOST_OFFER, outcome)),
      ...(await this.#endpoints({ records, survey, lacking, fix })),
    ];
    const known = [...before, ...records, ...pools.records(), ...this.#options.orphans];
    const strays = straysOf(site, survey.found, {
      ids: new Set(known.map(({ id }) => id)),
      seqs: new Set(known.map(({ seq }) => seq)),
    });
    const outcomes = fix ? await kernel.destroy(strays) : null;
    findings.push(...strays.map((stray, position) => ofStray(stray, outcomes?.[position])));
    return { findings, endpoints: records.length, tookMs: Math.round(performance.now() - startedMs) };
  }

  async #endpoints(look: {
    records: readonly EndpointRecord[];
    survey: Survey;
    lacking: ReadonlyMap<EndpointRecord, string | null>;
    fix: boolean;
  }): Promise<Finding[]> {
    const { records, survey, lacking, fix } = look;
    const { site, sight, times, monotonicMs } = this.#options;
    const index = new SurveyIndex(site, survey);
    const nowMs = monotonicMs();
    const findings: Finding[] = [];
    for (const record of records) {
      const sighting = index.of(record);
      const isInside = sighting.inside.length > 0 || sighting.graftInUse === true;
      const lease = this.#watch.judge(record, { isInside, nowMs, sight, times: times(record.pool) });
      const verdict = judge(record, { ...sighting, lacking: lacking.get(record) ?? null, lease });
      const finding = await this.#carryOut(record, verdict, fix);
      if (finding !== null) findings.push(finding);
    }
    this.#watch.keep(new Set(records.flatMap(({ lease }) => lease?.id ?? [])));
    return findings;
  }

  /** Null where nothing is to be told: all is well, or it is not what was judged any more. */
  async #carryOut(record: EndpointRecord, verdict: Verdict, fix: boolean): Promise<Finding | null> {
    const { pools } = this.#options;
    switch (verdict.act) {
      case 'keep':
        return null;
      case 'remember':
        this.#remember(record);
        return null;
      case 'tell':
        return ofVerdict(record, verdict, 'found');
      case 'replace':
        if (!fix) return ofVerdict(record, verdict, 'found');
        return pools.replace(record, verdict.problem) ? ofVerdict(record, verdict, 'done') : null;
      case 'release':
        if (!fix) return ofVerdict(record, verdict, 'found');
        if (await this.#isInsideByNow(record)) return null;
        return pools.endLease(record, { kind: 'abandoned', text: verdict.problem })
          ? ofVerdict(record, verdict, 'done')
          : null;
    }
  }

  /** It is no fault, so it is remembered whoever asked. What cannot be recorded now is seen again next time. */
  #remember(record: EndpointRecord): void {
    try {
      this.#options.pools.sawContainer(record);
    } catch (error) {
      if (!hasCode(error, 'state_write_failed')) throw error;
    }
  }

  /** A container may have started since the survey, which changes no record. */
  async #isInsideByNow({ lease }: EndpointRecord): Promise<boolean> {
    if (lease === null || lease.graft !== undefined) return false;
    const [pids] = await this.#options.pools.occupants([lease.id]);
    return pids !== undefined && pids.length > 0;
  }
}

function nameOf({ id, pool, index, seq }: EndpointRecord): EndpointName {
  return { id, pool, index, seq };
}
