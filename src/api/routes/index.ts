import type { FastifyInstance } from 'fastify';
import type { Deliveries } from '../delivery.js';
import type { ApiMetrics } from '../metrics/metrics.js';
import type { ApiOptions } from '../options.js';
import { describeRoutes } from '../schemas/openapi.js';
import { daemonRoutes } from './daemon-routes.js';
import { dnsRoute } from './dns-route.js';
import { endpointRoute } from './endpoint-route.js';
import { eventRoute } from './event-route.js';
import { leaseRoutes } from './lease-routes.js';
import { ociRoutes } from './oci-routes.js';
import { poolRoutes } from './pool-routes.js';
import { reconcileRoute } from './reconcile-route.js';
import { releaseRoutes } from './release-routes.js';

export interface RouteOptions extends ApiOptions {
  readonly metrics: ApiMetrics;
  readonly deliveries: Deliveries;
}

/** All routes of the API. Registered once more for /openapi.json, so this has no other effects. */
export async function registerRoutes(app: FastifyInstance, options: RouteOptions): Promise<void> {
  const { metrics } = options;
  const observe = (seconds: number): void => metrics.observeAcquire(seconds);
  await app.register(leaseRoutes, { ...options, observe });
  await app.register(releaseRoutes, options);
  await app.register(poolRoutes, options);
  await app.register(endpointRoute, options);
  await app.register(daemonRoutes, options);
  await app.register(ociRoutes, options);
  await app.register(dnsRoute, options);
  await app.register(reconcileRoute, options);
  await app.register(eventRoute, options);
  const schema = {
    summary: 'This document',
    tags: ['daemon'],
    response: {},
  };
  const described = { description: 'An OpenAPI 3.1 document.', type: 'object', additionalProperties: true };
  let document: Promise<object> | undefined;
  app.get('/openapi.json', { schema, config: { openapi: { 200: described } } }, async () => {
    document ??= describeRoutes((silent) => registerRoutes(silent, options), options.version);
    return document;
  });
}
