import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { NetnsdError } from '../../errors.js';
import type { ApiOptions } from '../options.js';
import { EndpointParamsSchema, EndpointSchema } from '../schemas/index.js';

/** `/v1/endpoints`. */
export const endpointRoute: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'service'>> = async (app, { service }) => {
  app.get(
    '/v1/endpoints/:id',
    {
      schema: {
        summary: 'One endpoint, also one that was replaced lately',
        tags: ['pools'],
        params: EndpointParamsSchema,
        response: { 200: EndpointSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      const endpoint = service.endpoint(id);
      if (endpoint !== undefined) return endpoint;
      const message = `nothing is known of an endpoint ${JSON.stringify(id)} (any more): see \`netnsd list\` and \`netnsd status\``;
      throw new NetnsdError('endpoint_not_found', message);
    },
  );
};
