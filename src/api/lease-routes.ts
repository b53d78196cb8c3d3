import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { NetnsdError } from '../errors.js';
import type { Lease } from '../pool/index.js';
import type { ApiOptions } from './options.js';
import {
  AcquireSchema,
  type ApiAcquire,
  type ApiLeaseQuery,
  ContainerParamsSchema,
  IdParamsSchema,
  LeaseListSchema,
  LeaseQuerySchema,
  LeaseSchema,
} from './schemas.js';

type Options = Pick<ApiOptions, 'service' | 'log'> & { readonly observe: (seconds: number) => void };

/** `/v1/leases`. */
export const leaseRoutes: FastifyPluginAsync<Options> = async (app, { service, log, observe }) => {
  const schema = {
    summary: 'Lease an endpoint, or `count` of them, all or nothing',
    body: AcquireSchema,
    response: { 201: { anyOf: [LeaseSchema, LeaseListSchema] } },
  };
  app.post<{ Body: ApiAcquire }>('/v1/leases', { schema }, async (request, reply) => {
    const started = process.hrtime.bigint();
    const startedAt = Date.now();
    const { wait, ttl, ...rest } = request.body;
    const gone = new AbortController();
    let leases: readonly Lease[] = [];
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) return;
      gone.abort();
      giveBack(leases, startedAt);
    });
    leases = await service.acquire({ ...rest, waitSeconds: wait, ttlSeconds: ttl, signal: gone.signal });
    observe(Number(process.hrtime.bigint() - started) / 1e9);
    for (const { id, pool, containerId, source } of leases)
      log.debug({ lease: id, pool, containerId, source }, 'leased');
    return send(reply, rest.count === undefined ? leases[0] : { leases });
  });

  /**
   * A client that has left before its answer went out holds nothing: what was leased for it goes back. A lease that
   * stood before its request (acquire is idempotent) is somebody's and stays.
   */
  function giveBack(leases: readonly Lease[], startedAt: number): void {
    for (const { id, acquiredAt } of leases) if (Date.parse(acquiredAt) >= startedAt) service.release(id);
  }

  app.get<{ Querystring: ApiLeaseQuery }>(
    '/v1/leases',
    { schema: { summary: 'List leases', querystring: LeaseQuerySchema, response: { 200: LeaseListSchema } } },
    async (request) => ({ leases: service.leases(request.query) }) as { leases: never[] },
  );

  app.get<{ Params: { id: string } }>(
    '/v1/leases/:id',
    { schema: { summary: 'One lease', params: IdParamsSchema, response: { 200: LeaseSchema } } },
    async (request) => {
      const lease = service.lease(request.params.id);
      if (lease === undefined)
        throw new NetnsdError('lease_not_found', `there is no lease ${request.params.id}: see \`netnsd list\``);
      return lease as never;
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/leases/:id',
    { schema: { summary: 'Release a lease; again is no error', params: IdParamsSchema } },
    async (request, reply) => {
      if (service.release(request.params.id)) log.debug({ lease: request.params.id }, 'released');
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: { containerId: string } }>(
    '/v1/containers/:containerId/lease',
    {
      schema: {
        summary: "Release a container's leases, in every pool; none is no error",
        params: ContainerParamsSchema,
      },
    },
    async (request, reply) => {
      for (const { id } of service.leases({ containerId: request.params.containerId })) service.release(id);
      return reply.code(204).send();
    },
  );
};

/**
 * Sends a lease as JSON.stringify makes it: for an object of this size it was measured to be as fast as a compiled
 * serialiser, and it takes the union of one lease and many without trying both.
 */
function send(reply: FastifyReply, body: unknown): FastifyReply {
  return reply
    .code(201)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(body);
}
