import type { FastifyInstance } from 'fastify';
import type { ContainerRequests } from '../container-requests.js';
import type { Handovers } from '../handover.js';
import type { ApiMetrics } from '../metrics/metrics.js';
import type { ApiOptions } from '../options.js';
import { describeRoutes } from '../schemas/openapi.js';
import { daemonRoutes } from './daemon-routes.js';
import { dnsRoute } from './dns-route.js';
import { endpointRoute } from './endpoint-route.js';
import { eventRoute } from './event-route.js';
import { graftRoute } from './graft-route.js';
import { leaseRoutes } from './lease-routes.js';
import { poolRoutes } from './pool-routes.js';
import { reconcileRoute } from './reconcile-route.js';

export interface RouteOptions extends ApiOptions {
  readonly metrics: ApiMetrics;
  readonly handovers: Handovers;
  readonly requests: ContainerRequests;
}

/** All routes of the API. To register them does nothing but that: it happens once more for their description. */
export async function registerRoutes(app: FastifyInstance, options: RouteOptions): Promise<void> {
  const { service, log, handovers, requests, metrics } = options;
  const observe = (seconds: number): void => metrics.observeAcquire(seconds);
  await app.register(leaseRoutes, { service, log, handovers, requests, observe });
  await app.register(poolRoutes, { service });
  await app.register(endpointRoute, { service });
  await app.register(daemonRoutes, options);
  await app.register(graftRoute, options);
  await app.register(dnsRoute, options);
  await app.register(reconcileRoute, options);
  await app.register(eventRoute, options);
  const schema = {
    summary: 'This description',
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
