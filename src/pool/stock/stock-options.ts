import type { Endpoint } from '../endpoint.js';
import type { PoolEvents } from '../events/events.js';
import type { Clock, Endpoints, PoolLog } from '../ports/index.js';
import type { PoolSettings } from '../settings.js';
import type { SizingPolicy } from '../sizing/index.js';
import type { EndpointFacts } from '../types.js';
import type { StockChange } from './build/outcomes.js';
import type { Waiting } from './plan.js';
import type { ReadyEndpoints } from './ready/ready-endpoints.js';
import type { EndpointTable } from './table/endpoint-table.js';

export interface StockHooks {
  /** An endpoint is built; true when it was leased to a client that waits. */
  leaseBuilt(endpoint: Endpoint, facts: EndpointFacts): boolean;
  /** Endpoints became ready, or room for them came, or they are lost. */
  changed(change: StockChange): void;
}

export interface StockOptions {
  readonly settings: PoolSettings;
  readonly table: EndpointTable;
  readonly ready: ReadyEndpoints;
  readonly waiters: { readonly waiting: Waiting };
  readonly endpoints: Endpoints;
  readonly events: PoolEvents;
  readonly clock: Clock;
  readonly log: PoolLog;
  /** Default: never. */
  readonly isBusy?: (() => boolean) | undefined;
  /** Default: what `settings.sizing` says. */
  readonly sizing?: SizingPolicy | undefined;
  readonly hooks: StockHooks;
}
