import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { NetnsdError } from '../../errors.js';
import type { ApiOptions } from '../options.js';
import {
  PoolDetailsSchema,
  PoolListSchema,
  PoolParamsSchema,
  PoolStatusSchema,
  ResizeSchema,
} from '../schemas/index.js';

/** `/v1/pools`. */
export const poolRoutes: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'service' | 'settingsOf'>> = async (
  app,
  { service, settingsOf },
) => {
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
        response: { 200: PoolDetailsSchema },
      },
    },
    async (request) => {
      const { name } = request.params;
      const status = service.poolStatus(name);
      const settings = settingsOf?.(name);
      // The size of a running pool may have been changed.
      if (status !== undefined && settings !== undefined)
        return { ...status, settings: { ...settings, min_ready: status.minReady, max: status.max } };
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
