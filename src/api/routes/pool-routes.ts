import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { NetnsdError } from '../../errors.js';
import type { ApiOptions } from '../options.js';
import { PoolListSchema, PoolParamsSchema, PoolStatusSchema, ResizeSchema } from '../schemas/index.js';

/** `/v1/pools`. */
export const poolRoutes: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'service'>> = async (app, { service }) => {
  app.get(
    '/v1/pools',
    { schema: { summary: 'List pools', tags: ['pools'], response: { 200: PoolListSchema } } },
    async () => ({ pools: service.status() }),
  );

  app.get(
    '/v1/pools/:name',
    {
      schema: {
        summary: 'Show a pool',
        tags: ['pools'],
        params: PoolParamsSchema,
        response: { 200: PoolStatusSchema },
      },
    },
    async (request) => {
      const { name } = request.params;
      const status = service.poolStatus(name);
      if (status !== undefined) return status;
      throw new NetnsdError('pool_not_found', `there is no pool ${JSON.stringify(name)}: see \`netnsd pool list\``);
    },
  );

  app.patch(
    '/v1/pools/:name',
    {
      schema: {
        summary: 'Change the size of a running pool',
        tags: ['pools'],
        params: PoolParamsSchema,
        body: ResizeSchema,
        response: { 200: PoolStatusSchema },
      },
    },
    async (request) => service.resize(request.params.name, request.body),
  );
};
