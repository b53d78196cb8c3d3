/** An endpoint that was replaced after a release. */
export interface Replacement {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly endpoint: string;
  readonly kind: string;
  readonly text: string;
}

export interface PoolStatus {
  readonly name: string;
  readonly subnet: string;
  readonly minReady: number;
  readonly max: number;
  /** How many endpoints are to be ready now: from `minReady` to `max`. */
  readonly target: number;
  readonly ready: number;
  readonly leased: number;
  readonly dirty: number;
  readonly building: number;
  readonly broken: number;
  readonly destroying: number;
  /** Since the daemon started. */
  readonly acquiredWarm: number;
  readonly acquiredCold: number;
  readonly released: number;
  /** Endpoints ready again after a release, by how they were verified. */
  readonly recycledBySeal: number;
  readonly recycledByProof: number;
  readonly recycledUnchecked: number;
  /** Endpoints replaced after a release, in all and by kind of reason. */
  readonly replaced: number;
  readonly replacedFor: Readonly<Record<string, number>>;
  /** The newest of them. */
  readonly replacements: readonly Replacement[];
  readonly buildFailures: number;
  /** The newest failure, in one line, or null. */
  readonly lastError: string | null;
  /** What keeps the pool from its target or from destroying endpoints at the moment, in one line, or null. */
  readonly trouble: string | null;
}
