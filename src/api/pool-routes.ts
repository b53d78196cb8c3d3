import type { FastifyPluginAsync } from 'fastify';
import { NetnsdError } from '../errors.js';
import type { ApiOptions } from './options.js';
import { type ApiResize, NameParamsSchema, PoolListSchema, PoolStatusSchema, ResizeSchema } from './schemas.js';

/** `/v1/pools`. */
export const poolRoutes: FastifyPluginAsync<Pick<ApiOptions, 'service'>> = async (app, { service }) => {
  app.get('/v1/pools', { schema: { summary: 'List pools', response: { 200: PoolListSchema } } }, async () => ({
    pools: service.status(),
  }));

  app.get<{ Params: { name: string } }>(
    '/v1/pools/:name',
    { schema: { summary: 'One pool', params: NameParamsSchema, response: { 200: PoolStatusSchema } } },
    async (request) => {
      const status = service.poolStatus(request.params.name);
      if (status !== undefined) return status;
      throw new NetnsdError(
        'pool_not_found',
        `no pool is named ${JSON.stringify(request.params.name)}: see \`netnsd pool list\``,
      );
    },
  );

  app.patch<{ Params: { name: string }; Body: ApiResize }>(
    '/v1/pools/:name',
    {
      schema: {
        summary: 'Change the size of a running pool',
        params: NameParamsSchema,
        body: ResizeSchema,
        response: { 200: PoolStatusSchema },
      },
    },
    async (request) => service.resize(request.params.name, request.body),
  );
};
