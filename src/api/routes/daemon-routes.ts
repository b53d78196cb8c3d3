import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiMetrics } from '../metrics/metrics.js';
import type { ApiOptions } from '../options.js';
import { HealthSchema, ReloadSchema, StatusSchema } from '../schemas/index.js';

type Options = Pick<
  ApiOptions,
  'service' | 'started' | 'version' | 'startedAt' | 'warnings' | 'configuration' | 'reload'
> & {
  readonly metrics: ApiMetrics;
};

/** `/v1/status`, `/healthz`, `/metrics`. */
export const daemonRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { service, started, version, startedAt, warnings = [], configuration, reload, metrics } = options;
  let starting = started !== undefined;
  void started?.then(
    () => {
      starting = false;
    },
    () => undefined,
  );

  app.get(
    '/v1/status',
    { schema: { summary: 'Status of the daemon and its pools', tags: ['daemon'], response: { 200: StatusSchema } } },
    async () => ({
      version,
      pid: process.pid,
      uptimeSeconds: Math.max(0, Math.round((Date.now() - startedAt) / 100) / 10),
      starting,
      warnings: [...warnings],
      pools: starting ? [] : service.status(),
      ...(configuration === undefined ? {} : { configuration: configuration() }),
    }),
  );

  app.post(
    '/v1/reload',
    {
      schema: {
        summary: 'Read the configuration again',
        description: 'One that is refused changes nothing, and the problem says why with file, line and key.',
        tags: ['daemon'],
        response: { 200: ReloadSchema },
      },
    },
    async () => (await reload?.()) ?? { changes: [], reopens: false, readAt: new Date(startedAt).toISOString() },
  );

  app.get(
    '/healthz',
    { schema: { summary: 'Health check', tags: ['daemon'], response: { 200: HealthSchema } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/metrics',
    {
      schema: { summary: 'Metrics in the Prometheus text format', tags: ['daemon'] },
      config: {
        openapi: {
          200: {
            description: 'Endpoints by pool and state, counters, the duration of acquires, and process metrics.',
            content: { 'text/plain': { schema: { type: 'string', examples: ['netnsd_max{pool="default"} 1000'] } } },
          },
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
};
