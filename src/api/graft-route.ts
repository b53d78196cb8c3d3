import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Handovers } from './handover.js';
import type { ApiOptions } from './options.js';
import { containerKey } from './runtime-root.js';
import { GraftedSchema, GraftSchema } from './schemas.js';

type Options = Pick<ApiOptions, 'graftContainer'> & { readonly handovers: Handovers };

/** `/v1/oci/graft`, what `netnsd-runc hook createRuntime` asks. */
export const graftRoute: FastifyPluginAsyncTypebox<Options> = async (app, { graftContainer, handovers }) => {
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
      const grafted = await graftContainer({ ...request.body, containerId, signal: handover.signal });
      if (grafted.lease !== undefined) handover.hold([grafted.lease]);
      return grafted;
    },
  );
};
