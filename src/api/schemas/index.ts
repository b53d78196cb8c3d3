/**
 * The schemas of the API. Validation, TypeScript types, replies and /openapi.json are made from them.
 */
export * from './bundle-schemas.js';
export * from './endpoint-schemas.js';
export * from './event-schema.js';
export * from './lease-schemas.js';
export * from './pool-schemas.js';
export * from './problem-schema.js';
export * from './reconcile-schemas.js';
