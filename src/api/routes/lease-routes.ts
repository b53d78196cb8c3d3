import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { NetnsdError } from '../../errors.js';
import type { Lease } from '../../pool/index.js';
import type { Deliveries } from '../delivery.js';
import { logLeases } from '../lease-log.js';
import type { ApiOptions } from '../options.js';
import {
  AcquireSchema,
  LeaseListSchema,
  LeaseParamsSchema,
  LeaseQuerySchema,
  LeaseSchema,
  RenewSchema,
} from '../schemas/index.js';

type Options = Pick<ApiOptions, 'service' | 'log' | 'attachmentOf'> & {
  readonly deliveries: Deliveries;
  readonly observe: (seconds: number) => void;
};

/** `/v1/leases`. */
export const leaseRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { service, log, deliveries, observe, attachmentOf } = options;

  function withAttachment(lease: Lease): Lease {
    const attachment = lease.containerId === null ? undefined : attachmentOf?.(lease.containerId);
    return attachment === undefined ? lease : { ...lease, attachment };
  }

  app.post(
    '/v1/leases',
    {
      schema: {
        summary: 'Lease an endpoint, or `count` of them, all or none',
        description:
          'Idempotent by (pool, containerId): 201 with a new lease, 200 with the one that the container already holds. If the client disconnects before the response, nothing stays leased.',
        tags: ['leases'],
        body: AcquireSchema,
        response: {
          200: { ...LeaseSchema, description: 'The lease that the container already holds.' },
          201: Type.Union([LeaseSchema, LeaseListSchema], { description: 'The lease; with `count`: {leases}.' }),
        },
      },
    },
    async (request, reply) => {
      const startedMs = performance.now();
      const { wait, ttl, ...terms } = request.body;
      const delivery = deliveries.open(reply.raw);
      const { signal, peer } = delivery;
      const leases = await service.acquire({ ...terms, waitSeconds: wait, ttlSeconds: ttl, signal });
      observe((performance.now() - startedMs) / 1000);
      const isNew = delivery.carry(leases);
      logLeases(log, leases, { isNew, peer });
      reply.code(isNew ? 201 : 200);
      return terms.count === undefined ? (leases[0] as Lease) : { leases };
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
    async (request) => ({ leases: service.leases(request.query).map(withAttachment) }),
  );

  app.get(
    '/v1/leases/:id',
    {
      schema: { summary: 'Show a lease', tags: ['leases'], params: LeaseParamsSchema, response: { 200: LeaseSchema } },
    },
    async (request) => {
      const lease = service.lease(request.params.id);
      if (lease !== undefined) return withAttachment(lease);
      throw new NetnsdError('lease_not_found', `there is no lease ${request.params.id}: see \`netnsd list\``);
    },
  );

  app.patch(
    '/v1/leases/:id',
    {
      schema: {
        summary: 'Set the time limit of a lease, from now',
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
};
