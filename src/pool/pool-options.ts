import type { Clock } from './clock.js';
import type { PoolEvents } from './events.js';
import type { LeaseTable } from './lease/lease-table.js';
import type { PoolLog } from './log.js';
import type { Shelf } from './shelf.js';
import type { SizingPolicy } from './sizing/sizing.js';
import type { AddressCooldowns, Endpoints, PoolSettings, Records } from './types.js';

/** What one pool is made of; everything but settings and subnet is shared by all pools. */
export interface PoolOptions {
  readonly settings: PoolSettings;
  /** CIDR; shown, not read. */
  readonly subnet: string;
  readonly endpoints: Endpoints;
  readonly records: Records;
  /** Default: rests are forgotten with this process. */
  readonly rests?: AddressCooldowns | undefined;
  readonly leases: LeaseTable;
  /** Default: containers ask for each endpoint. */
  readonly shelf?: Shelf | undefined;
  readonly events: PoolEvents;
  readonly clock: Clock;
  readonly log: PoolLog;
  /** Whether the processors have more to do than they can at once: what nobody waits for is put off then. Default: never. */
  readonly isBusy?: (() => boolean) | undefined;
  /** A number that no endpoint of this state directory ever had. */
  readonly nextSeq: () => number;
  /** Default: what `settings.sizing` says. */
  readonly sizing?: SizingPolicy | undefined;
}
