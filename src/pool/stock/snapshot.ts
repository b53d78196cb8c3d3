import type { Recycler } from '../recycle/recycler.js';
import type { PoolSize } from '../sizing/size.js';
import type { Builder } from './build/builder.js';
import type { StockState, Waiting } from './plan.js';
import type { ReadyEndpoints } from './ready/ready-endpoints.js';
import type { EndpointTable } from './table/endpoint-table.js';

interface Parts {
  readonly size: PoolSize;
  readonly table: EndpointTable;
  readonly ready: ReadyEndpoints;
  readonly builder: Pick<Builder, 'urgent' | 'reserved'>;
  readonly recycler: Pick<Recycler, 'verifying'>;
  readonly waiting: Waiting;
}

/** What plans are made from, as it is now. */
export function snapshot({ size, table, ready, builder, recycler, waiting }: Parts): StockState {
  return {
    size,
    existing: table.size,
    building: table.counts.building - builder.reserved,
    urgent: builder.urgent,
    destroying: table.counts.destroying,
    verifying: recycler.verifying,
    addresses: { free: table.indexes.free, available: table.indexes.available },
    ready: {
      size: ready.size,
      unused: ready.unused,
      forFirst: waiting.tenant === null ? ready.size : ready.sizeFor(waiting.tenant),
      mixed: ready.mixed,
    },
    waiting,
  };
}
