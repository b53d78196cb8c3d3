/** The HTTP API over a pool service. */
export { listenOnSocket } from './listen.js';
export type { ApiLog, ApiOptions } from './options.js';
export { createApi } from './server.js';
