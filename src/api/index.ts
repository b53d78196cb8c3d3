/** The HTTP API over a pool service. */
export { closeApi, listenAgain, listenOnSocket } from './listen.js';
export type { ApiLog, ApiOptions, GraftContainer, PatchBundle } from './options.js';
export { createApi } from './server.js';
