import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiOptions } from '../options.js';
import { DnsFilesRequestSchema, DnsFilesSchema, LeaseParamsSchema } from '../schemas/index.js';

type Options = Pick<ApiOptions, 'dnsFiles'>;

/** `/v1/leases/{id}/dns-files`, for those who patch a bundle themselves. */
export const dnsRoute: FastifyPluginAsyncTypebox<Options> = async (app, { dnsFiles }) => {
  app.put(
    '/v1/leases/:id/dns-files',
    {
      schema: {
        summary: "Write a lease's DNS settings as files to mount into its container",
        description: 'The files are removed when the lease ends. Repeated, it writes them again, at the same paths.',
        tags: ['leases'],
        params: LeaseParamsSchema,
        body: DnsFilesRequestSchema,
        response: { 200: DnsFilesSchema },
      },
    },
    async (request) => dnsFiles(request.params.id, request.body.hostname),
  );
};
