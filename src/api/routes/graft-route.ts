import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { logLeases } from '../container-requests.js';
import type { Handovers } from '../handover.js';
import type { ApiOptions } from '../options.js';
import { containerKey } from '../runtime-root.js';
import { GraftedSchema, GraftSchema } from '../schemas/index.js';

type Options = Pick<ApiOptions, 'graftContainer' | 'log'> & { readonly handovers: Handovers };

/** `/v1/oci/graft`, what `netnsd-runc hook createRuntime` asks. */
export const graftRoute: FastifyPluginAsyncTypebox<Options> = async (app, { graftContainer, handovers, log }) => {
  app.post(
    '/v1/oci/graft',
    {
      schema: {
        summary: "Lease an endpoint and move its interface into a container's network namespace",
        description:
          'Idempotent by container and namespace. The bundle is read, not written. A hook that leaves before its answer has its interface taken away again.',
        tags: ['oci'],
        body: GraftSchema,
        response: { 200: GraftedSchema },
      },
    },
    async (request, reply) => {
      const handover = handovers.open(reply.raw);
      const containerId = containerKey(request.body.containerId, request.headers);
      const { signal, peer } = handover;
      const grafted = await graftContainer({ ...request.body, containerId, signal, peer });
      if (grafted.lease !== undefined) {
        const isNew = handover.hold([grafted.lease]);
        logLeases(log, [grafted.lease], { isNew, peer });
      }
      return grafted;
    },
  );
};
