import type { FastifyPluginAsync } from 'fastify';
import type { ApiMetrics } from './metrics.js';
import type { ApiOptions } from './options.js';
import { type ApiPatchBundle, HealthSchema, PatchBundleSchema, PatchedBundleSchema, StatusSchema } from './schemas.js';

/** `/v1/status`, `/healthz`, `/metrics`, `/v1/oci/patch`. */
export const daemonRoutes: FastifyPluginAsync<ApiOptions & { readonly metrics: ApiMetrics }> = async (app, options) => {
  const { service, version, startedAt, metrics, patchBundle } = options;

  app.get(
    '/v1/status',
    { schema: { summary: 'The daemon and its pools', response: { 200: StatusSchema } } },
    async () => ({
      version,
      pid: process.pid,
      uptimeSeconds: Math.round((Date.now() - startedAt) / 100) / 10,
      pools: service.status(),
    }),
  );

  app.get(
    '/healthz',
    { schema: { summary: 'Whether the daemon answers', response: { 200: HealthSchema } } },
    async () => ({
      status: 'ok' as const,
    }),
  );

  app.get('/metrics', { schema: { summary: 'Metrics in the Prometheus text format' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );

  app.post<{ Body: ApiPatchBundle }>(
    '/v1/oci/patch',
    {
      schema: {
        summary: "Lease an endpoint and write its path into an OCI bundle's config.json",
        body: PatchBundleSchema,
        response: { 200: PatchedBundleSchema },
      },
    },
    async (request, reply) => {
      const gone = new AbortController();
      let leaseId: string | undefined;
      reply.raw.once('close', () => {
        if (reply.raw.writableFinished) return;
        gone.abort();
        if (leaseId !== undefined) service.release(leaseId);
      });
      const patched = await patchBundle({ ...request.body, signal: gone.signal });
      leaseId = patched.lease?.id;
      if (gone.signal.aborted && leaseId !== undefined) service.release(leaseId);
      return patched;
    },
  );
};
