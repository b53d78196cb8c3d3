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
        summary: 'Show an endpoint, present or replaced lately',
        tags: ['pools'],
        params: EndpointParamsSchema,
        response: { 200: EndpointSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      const endpoint = service.endpoint(id);
      if (endpoint !== undefined) return endpoint;
      const message = `there is no endpoint ${JSON.stringify(id)}: \`netnsd list --json\` shows those that are leased`;
      throw new NetnsdError('endpoint_not_found', message);
    },
  );
};
