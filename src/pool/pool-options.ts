import type { PoolEvents } from './events/events.js';
import type { LeaseTable } from './lease/index.js';
import type { AddressCooldowns, Clock, Endpoints, PoolLog, Records, Shelf } from './ports/index.js';
import type { PoolSettings } from './settings.js';
import type { SizingPolicy } from './sizing/index.js';

/** What one pool is made of; everything but settings and subnet is shared by all pools. */
export interface PoolOptions {
  readonly settings: PoolSettings;
  /** CIDR; only shown. */
  readonly subnet: string;
  readonly endpoints: Endpoints;
  readonly records: Records;
  /** Default: cooldowns end with this process. */
  readonly addressCooldowns?: AddressCooldowns | undefined;
  readonly leases: LeaseTable;
  /** Default: every acquire goes through the daemon. */
  readonly shelf?: Shelf | undefined;
  readonly events: PoolEvents;
  readonly clock: Clock;
  readonly log: PoolLog;
  /** Whether processors are short: work that no client waits for is deferred then. Default: never. */
  readonly isBusy?: (() => boolean) | undefined;
  /** A number that no endpoint of this state directory ever had. */
  readonly nextSeq: () => number;
  /** Default: what `settings.sizing` says. */
  readonly sizing?: SizingPolicy | undefined;
}
