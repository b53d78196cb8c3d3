/** The endpoints of a pool that are not leased: planned, built, kept ready, offered, destroyed. */

// The stock, and what it plans for

export type { Waiting } from './plan.js';
export { Stock } from './stock.js';

// Its rooms: builds and destructions; ready endpoints and offers; which endpoints exist

export type { StockChange } from './build/outcomes.js';
export { ReadyEndpoints } from './ready/ready-endpoints.js';
export type { AddressShortage } from './table/address-wait.js';
export { EndpointTable } from './table/endpoint-table.js';
export { NEXT_STATES } from './table/states.js';
