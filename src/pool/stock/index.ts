/** The endpoints of a pool that are not leased: planned, built, kept ready, offered, destroyed. */
export type { AddressShortage } from './address-wait.js';
export { EndpointTable } from './endpoint-table.js';
export type { StockChange } from './outcomes.js';
export type { Waiting } from './plan.js';
export { ReadyEndpoints } from './ready-endpoints.js';
export { NEXT_STATES } from './states.js';
export { Stock } from './stock.js';
