import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Lease } from '../../pool/index.js';
import { type ContainerRequests, logLeases } from '../container-requests.js';
import type { Handovers } from '../handover.js';
import type { ApiOptions } from '../options.js';
import {
  AcquireSchema,
  ContainerParamsSchema,
  LeaseListSchema,
  LeaseParamsSchema,
  LeaseQuerySchema,
  LeaseSchema,
  ReleaseQuerySchema,
  RenewSchema,
} from '../schemas/index.js';
import { noContent } from '../schemas/openapi.js';

type Options = Pick<ApiOptions, 'service' | 'log'> & {
  readonly handovers: Handovers;
  readonly requests: ContainerRequests;
  readonly observe: (seconds: number) => void;
};

/** `/v1/leases`. */
export const leaseRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { service, log, handovers, observe, requests } = options;
  const one = { ...LeaseSchema, description: 'The lease; with `count`: {leases}.' };
  app.post(
    '/v1/leases',
    {
      schema: {
        summary: 'Lease an endpoint, or `count` of them, all or nothing',
        description:
          'Idempotent by (pool, containerId): 201 with a new lease, 200 with the one that the container holds already. A client that leaves before its answer holds nothing.',
        tags: ['leases'],
        body: AcquireSchema,
        response: { 200: { ...LeaseSchema, description: 'The lease that the container holds already.' }, 201: one },
      },
      config: { openapi: { 201: { description: one.description, anyOf: [LeaseSchema, LeaseListSchema] } } },
    },
    // No async function: the answer is sent from where the lease comes, without a promise in between.
    (request, reply) => {
      const startedMs = performance.now();
      const { pool, containerId, tenant, trust, forContainer, count, wait, ttl, pid } = request.body;
      const handover = handovers.open(reply.raw);
      const granted = (leases: Lease[]): void => {
        observe((performance.now() - startedMs) / 1000);
        const lease = leases[0] as Lease;
        const isNew = handover.hold(leases);
        logLeases(log, leases, { isNew, peer: handover.peer });
        reply.code(isNew ? 201 : 200);
        if (count === undefined) void reply.send(lease);
        // A list does not fit the compiled serialiser of the one lease.
        else
          void reply
            .type('application/json; charset=utf-8')
            .serializer(JSON.stringify)
            .send({ leases } as never);
      };
      const { signal } = handover;
      service
        .acquire({
          pool,
          containerId,
          tenant,
          trust,
          forContainer,
          count,
          waitSeconds: wait,
          ttlSeconds: ttl,
          pid,
          signal,
        })
        .then(granted)
        .catch((error: unknown) => void reply.send((error instanceof Error ? error : toNetnsdError(error)) as never));
    },
  );

  app.get(
    '/v1/leases',
    {
      schema: {
        summary: 'List leases',
        tags: ['leases'],
        querystring: LeaseQuerySchema,
        response: { 200: LeaseListSchema },
      },
    },
    async (request) => ({ leases: service.leases(request.query) }),
  );

  app.get(
    '/v1/leases/:id',
    { schema: { summary: 'One lease', tags: ['leases'], params: LeaseParamsSchema, response: { 200: LeaseSchema } } },
    async (request) => {
      const lease = service.lease(request.params.id);
      if (lease !== undefined) return lease;
      throw new NetnsdError('lease_not_found', `there is no lease ${request.params.id}: see \`netnsd list\``);
    },
  );

  app.patch(
    '/v1/leases/:id',
    {
      schema: {
        summary: 'Renew a lease: a time limit from now on',
        tags: ['leases'],
        params: LeaseParamsSchema,
        body: RenewSchema,
        response: { 200: LeaseSchema },
      },
    },
    async (request) => {
      const lease = service.renew(request.params.id, request.body.ttl);
      log.debug({ lease: lease.id, expiresAt: lease.expiresAt }, 'renewed');
      return lease;
    },
  );

  app.delete(
    '/v1/leases/:id',
    {
      schema: {
        summary: 'Release a lease; again is no error',
        tags: ['leases'],
        params: LeaseParamsSchema,
        querystring: ReleaseQuerySchema,
      },
      config: { openapi: noContent },
    },
    async (request, reply) => {
      await requests.releaseLeases([request.params.id], { force: request.query.force === 'true' });
      return reply.code(204).send();
    },
  );

  app.delete(
    '/v1/containers/:containerId/lease',
    {
      schema: {
        summary: "Release a container's leases, in every pool; none is no error",
        tags: ['leases'],
        params: ContainerParamsSchema,
        querystring: ReleaseQuerySchema,
      },
      config: { openapi: noContent },
    },
    async (request, reply) => {
      const { params, query, headers } = request;
      await requests.release(params.containerId, { headers, force: query.force === 'true' });
      return reply.code(204).send();
    },
  );
};
