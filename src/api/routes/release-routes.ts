import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { NetnsdError } from '../../errors.js';
import type { ApiOptions } from '../options.js';
import { containerKey } from '../runtime-root.js';
import { ContainerParamsSchema, LeaseParamsSchema, ReleaseQuerySchema } from '../schemas/index.js';
import { noContent } from '../schemas/openapi.js';

/** The ends of leases: by id, and by container. */
export const releaseRoutes: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'service' | 'log'>> = async (app, options) => {
  const { service, log } = options;

  /** Throws `lease_in_use`, before anything is released, if a process is inside one of them, unless forced. */
  async function release(ids: readonly string[], { force }: { force: boolean }): Promise<void> {
    if (!force) {
      const occupants = await service.occupants(ids);
      const at = occupants.findIndex((pids) => pids.length > 0);
      if (at >= 0) throw inUse(ids[at] as string, occupants[at] as number[]);
    }
    for (const id of ids) if (service.release(id)) log.debug({ lease: id, forced: force }, 'released');
  }

  app.delete(
    '/v1/leases/:id',
    {
      schema: {
        summary: 'Release a lease',
        description: 'Idempotent.',
        tags: ['leases'],
        params: LeaseParamsSchema,
        querystring: ReleaseQuerySchema,
      },
      config: { openapi: noContent },
    },
    async ({ params, query }, reply) => {
      await release([params.id], { force: query.force === 'true' });
      return reply.code(204).send();
    },
  );

  app.delete(
    '/v1/containers/:containerId/lease',
    {
      schema: {
        summary: 'Release the leases of a container, in every pool',
        description: 'Idempotent: a container without leases is no error.',
        tags: ['leases'],
        params: ContainerParamsSchema,
        querystring: ReleaseQuerySchema,
      },
      config: { openapi: noContent },
    },
    async ({ params, query, headers }, reply) => {
      const leases = service.leases({ containerId: containerKey(params.containerId, headers) });
      const ids = leases.map(({ id }) => id);
      await release(ids, { force: query.force === 'true' });
      return reply.code(204).send();
    },
  );
};

const SHOWN_PIDS = 5;

function inUse(leaseId: string, pids: readonly number[]): NetnsdError {
  const shown = pids.slice(0, SHOWN_PIDS).join(', ') + (pids.length > SHOWN_PIDS ? ', …' : '');
  const user = pids.every((pid) => pid === 0) ? 'a process that netnsd cannot see' : `process ${shown}`;
  const message = `lease ${leaseId} is in use by ${user}: stop the container first, or release with force`;
  return new NetnsdError('lease_in_use', message, { details: { lease: leaseId, pids: [...pids] } });
}
