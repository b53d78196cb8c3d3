import type { PoolSize } from '../sizing/size.js';
import type { Supply } from '../sizing/sizing.js';

/** What clients wait for. */
export interface Waiting {
  /** How many endpoints, in all. */
  readonly endpoints: number;
  /** How many the first in line waits for; 0: no client waits. */
  readonly first: number;
  /** The tenant of the first in line; null: no client waits. */
  readonly tenant: string | null;
}

/** All that the stock's plans depend on. */
export interface StockState {
  readonly size: PoolSize;
  /** How many endpoints exist, in whatever state. */
  readonly existing: number;
  readonly building: number;
  /** Of these: for clients that wait. */
  readonly urgent: number;
  readonly destroying: number;
  /** Released endpoints that may become ready again soon. */
  readonly verifying: number;
  readonly addresses: {
    /** Not in use, in cooldown or not. */
    readonly free: number;
    /** May be used now. */
    readonly available: number;
  };
  readonly ready: {
    readonly size: number;
    /** Never leased, so for any tenant. */
    readonly unused: number;
    /** For the first in line; all, if no client waits. */
    readonly forFirst: number;
    /** Whether several tenants have used the pool: then used endpoints serve one tenant only, and come on top of the target. */
    readonly mixed: boolean;
  };
  readonly waiting: Waiting;
}

/** What is done at once because clients wait. */
export interface WaiterPlan {
  /** How many other tenants' ready endpoints to destroy, since the pool is at its `max`. */
  readonly evict: number;
  /** How many addresses builds need: some may have to come out of cooldown first. */
  readonly addresses: number;
  readonly build: number;
  /** How many of them go into one request. */
  readonly perRequest: number;
}

/** How many more endpoints may be built now. Below 0 after a resize: so many have to be destroyed before one may be built. */
export function room({ size, existing, addresses }: StockState): number {
  return Math.min(size.max - existing, addresses.available);
}

/**
 * How many endpoints the clients that wait get without a release: those that are ready, built or verified, and as many as
 * there is room for. Ready ones that the first in line may not have make room, unless the pool is above its `max`.
 */
export function reachable(state: StockState): number {
  const { ready, building, verifying } = state;
  const others = ready.size - ready.forFirst;
  return ready.forFirst + building + verifying + Math.max(0, room(state) + others);
}

/** How many endpoints the pool may build for those that wait, as far as `max` goes; 1 or more unless `max` is reached. */
export function wanted({ waiting, urgent, size, existing }: StockState): number {
  return Math.min(Math.max(1, waiting.endpoints - urgent), size.max - existing);
}

/** What to do at once for the clients that wait. */
export function planForWaiters(state: StockState, buildBatch: number): WaiterPlan {
  const { waiting, ready, urgent, size, existing, addresses, destroying } = state;
  const isWaiting = waiting.tenant !== null;
  const others = ready.size - ready.forFirst;
  const lacking = waiting.endpoints - (isWaiting ? ready.forFirst : 0) - urgent;
  // Addresses in cooldown become available without further action.
  const roomLater = Math.max(0, Math.min(size.max - existing, addresses.free));
  return {
    evict: isWaiting ? Math.max(0, Math.min(others, lacking - roomLater - destroying)) : 0,
    addresses: Math.min(lacking, roomLater),
    build: Math.max(0, Math.min(lacking, room(state))),
    // One client that wants many gets them together; many clients that want one each do not wait for each other.
    perRequest: Math.min(waiting.first, buildBatch),
  };
}

/** Ready endpoints that count towards the target: those for any tenant, if several tenants use the pool. */
export function readyForAny({
  ready,
}: {
  readonly ready: Pick<StockState['ready'], 'size' | 'unused' | 'mixed'>;
}): number {
  return ready.mixed ? ready.unused : ready.size;
}

/** What the sizing decides by. */
export function supplyOf(state: StockState): Supply {
  return {
    ...state.size,
    ready: readyForAny(state),
    coming: state.building + (state.ready.mixed ? 0 : state.verifying),
    waiting: state.waiting.endpoints,
    existing: state.existing,
  };
}

/** How many used endpoints to destroy where several tenants use the pool: at most `target` of them are kept. */
export function usedSurplus({ ready }: StockState, target: number): number {
  return ready.mixed ? Math.max(0, ready.size - ready.unused - target) : 0;
}
