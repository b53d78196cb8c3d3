/** How many endpoints a pool keeps ready. */
export { Demand, type DemandOptions } from './demand.js';
export { IdleFloor } from './idle-floor.js';
export { assertSize, type PoolSize } from './size.js';
export {
  BURST_MS,
  configuredSizing,
  DemandSizing,
  FixedSizing,
  type Plan,
  type Sizing,
  type SizingPolicy,
  type Supply,
} from './sizing.js';
