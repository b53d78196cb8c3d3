import type { NetworkFinding } from '../../endpoint/network/network-repair.js';
import type { BuiltEndpoint, Survey } from '../../endpoint/thread/thread-protocol.js';
import type { EndpointName, Settled, Site } from '../../endpoint/types.js';
import type { EndpointRecord, Pools } from '../../pool/index.js';
import { decide, RUNNING } from '../decide.js';
import { type Finding, ofDecision, ofNetwork, ofStray, ofStrayInUse, type Reconciliation } from '../findings.js';
import { knownOf, straysWhileRunning } from '../strays.js';
import { SurveyIndex } from '../survey.js';
import { type ActingPools, act } from './act.js';
import type { AttachmentWatch } from './attachment-watch.js';
import { type LeaseTimes, LeaseWatch, type Sight } from './lease-watch.js';

export interface ReconcilerOptions {
  readonly site: Site;
  readonly pools: Pick<Pools, 'records' | 'checkShelf'> & ActingPools;
  readonly kernel: {
    repair(endpoints: readonly EndpointName[], options: { fix: boolean }): Promise<NetworkFinding[]>;
    survey(ready: readonly BuiltEndpoint[], options: { thorough: boolean }): Promise<Survey>;
    destroy(names: readonly EndpointName[]): Promise<Settled<void>[]>;
  };
  /** Makes folders of the shelf again that were removed. */
  readonly shelf?: { repair(): void } | undefined;
  readonly times: (pool: string) => LeaseTimes;
  readonly sight: Sight;
  readonly monotonicMs: () => number;
  /** Leases of netnsd-cni. */
  readonly attachments?: AttachmentWatch | undefined;
}

/** The records of one run, and what the kernel thread says about them. */
interface Taken {
  readonly records: readonly EndpointRecord[];
  readonly survey: Survey;
  /** What each ready endpoint lacks inside. */
  readonly lacking: ReadonlyMap<EndpointRecord, string | null>;
}

const LOST_OFFER = { act: 'replace', problem: 'its offer is gone from the shelf' } as const;

/** Reconciles while the daemon runs: survey, decide, act; see docs/reconcile.md. One run at a time. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #watch = new LeaseWatch();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Finds differences and, with `fix`, repairs them. A run that is not `thorough` looks into some of the ready endpoints that have no
   * seal, in turn. Rejects with worker_failed and kernel_error.
   */
  run({ fix, thorough = true }: { fix: boolean; thorough?: boolean }): Promise<Reconciliation> {
    const run = this.#running.then(() => this.#run({ fix, thorough }));
    this.#running = run.catch(() => undefined);
    return run;
  }

  /** The networks first, so that no endpoint is replaced for a bridge that can be repaired. */
  async #run({ fix, thorough }: { fix: boolean; thorough: boolean }): Promise<Reconciliation> {
    const { pools, kernel, shelf } = this.#options;
    const startedMs = performance.now();
    if (fix) shelf?.repair();
    const lost = pools.checkShelf({ fix });
    const before = pools.records();
    const inUse = before.filter(({ state }) => state === 'ready' || state === 'leased');
    const networks = await kernel.repair(inUse.map(nameOf), { fix });
    const taken = await this.#survey(thorough);
    const findings = [
      ...networks.map(ofNetwork),
      ...lost.map((record) => ofDecision(record, LOST_OFFER, fix ? 'done' : 'found')),
      ...(await this.#endpoints(taken, fix)),
      ...(await this.#strays([...before, ...taken.records], taken.survey, fix)),
    ];
    return { findings, endpoints: taken.records.length, tookMs: Math.round(performance.now() - startedMs) };
  }

  async #survey(thorough: boolean): Promise<Taken> {
    const records = this.#options.pools.records();
    const ready = records.filter(({ state, facts }) => state === 'ready' && facts !== null);
    const survey = await this.#options.kernel.survey(
      ready.map((record) => ({ name: nameOf(record), netnsInode: record.facts?.netns.inode ?? 0 })),
      { thorough },
    );
    return {
      records,
      survey,
      lacking: new Map(ready.map((record, position) => [record, survey.lacking[position] ?? null])),
    };
  }

  async #endpoints({ records, survey, lacking }: Taken, fix: boolean): Promise<Finding[]> {
    const { site, sight, times, monotonicMs, pools, attachments } = this.#options;
    const index = new SurveyIndex(site, survey);
    const nowMs = monotonicMs();
    const findings: Finding[] = [];
    attachments?.survey({ nowMs, users: survey.users });
    for (const record of records) {
      const sighting = index.of(record);
      const isInside = sighting.inside.length > 0 || sighting.graftInUse === true;
      const seen = this.#watch.observe(record, { isInside, nowMs, sight, times: times(record.pool) });
      const { goneAfterMs } = times(record.pool);
      const detached = sight.others && attachments?.isOver(record, { nowMs, goneAfterMs });
      const use = detached ? 'detached' : seen;
      const decision = decide(record, { ...sighting, ...RUNNING, lacking: lacking.get(record) ?? null, use });
      const finding = await act(record, decision, { pools, fix });
      if (finding !== null) findings.push(finding);
    }
    const leased = new Set(pools.records().map(({ lease }) => lease?.containerId ?? null));
    if (fix) attachments?.removeEnded({ nowMs, leased });
    this.#watch.keepOnly(new Set(records.flatMap(({ lease }) => lease?.id ?? [])));
    return findings;
  }

  async #strays(earlier: readonly EndpointRecord[], survey: Survey, fix: boolean): Promise<Finding[]> {
    const { site, pools, kernel } = this.#options;
    const index = new SurveyIndex(site, survey);
    const all = straysWhileRunning(site, survey.found, knownOf([...earlier, ...pools.records()]));
    const strays = all.filter((stray) => !index.isInUse(stray));
    const outcomes = fix ? await kernel.destroy(strays) : null;
    return [
      ...strays.map((stray, position) => ofStray(stray, outcomes?.[position])),
      ...all.filter((stray) => index.isInUse(stray)).map(ofStrayInUse),
    ];
  }
}

function nameOf({ id, pool, index, seq, mac }: EndpointRecord): EndpointName {
  return { id, pool, index, seq, ...(mac === undefined ? {} : { mac }) };
}
