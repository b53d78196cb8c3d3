import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Deliveries } from '../delivery.js';
import { logLeases } from '../lease-log.js';
import type { ApiOptions } from '../options.js';
import { containerKey } from '../runtime-root.js';
import { GraftedSchema, GraftSchema, PatchBundleSchema, PatchedBundleSchema } from '../schemas/index.js';

type Options = Pick<ApiOptions, 'patchBundle' | 'graftContainer' | 'log'> & { readonly deliveries: Deliveries };

/** `/v1/oci`: leases for containers of OCI runtimes, by their bundle. */
export const ociRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { patchBundle, graftContainer, deliveries, log } = options;

  app.post(
    '/v1/oci/patch',
    {
      schema: {
        summary: "Lease an endpoint and write its path into an OCI bundle's config.json",
        tags: ['oci'],
        body: PatchBundleSchema,
        response: { 200: PatchedBundleSchema },
      },
    },
    async ({ body, headers }, reply) => {
      const containerId = containerKey(body.containerId, headers);
      const delivery = deliveries.open(reply.raw);
      const { signal, peer } = delivery;
      const patched = await patchBundle({ ...body, containerId, signal, peer });
      if (patched.lease !== undefined) {
        const isNew = delivery.carry([patched.lease]);
        logLeases(log, [patched.lease], { isNew, peer });
      }
      return patched;
    },
  );

  app.post(
    '/v1/oci/graft',
    {
      schema: {
        summary: "Lease an endpoint and move its interface into a container's network namespace",
        description:
          'Idempotent by container and namespace. The bundle is read, not written. If the client disconnects before the response, the interface is removed from the container again.',
        tags: ['oci'],
        body: GraftSchema,
        response: { 200: GraftedSchema },
      },
    },
    async ({ body, headers }, reply) => {
      const containerId = containerKey(body.containerId, headers);
      const delivery = deliveries.open(reply.raw);
      const { signal, peer } = delivery;
      const grafted = await graftContainer({ ...body, containerId, signal, peer });
      if (grafted.lease !== undefined) {
        const isNew = delivery.carry([grafted.lease]);
        logLeases(log, [grafted.lease], { isNew, peer });
      }
      return grafted;
    },
  );
};
