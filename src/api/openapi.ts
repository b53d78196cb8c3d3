import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { ProblemSchema } from './schemas.js';

/** What a route tells the description beyond (or instead of) what its replies are serialised by. */
export type DocumentedReplies = Readonly<Record<number, object>>;

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly openapi?: DocumentedReplies;
  }
}

/** A reply without a body. */
export const noContent: DocumentedReplies = { 204: { type: 'null', description: 'Done, or nothing was there to do.' } };

const problem = {
  description: 'Any failure, as a problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: ProblemSchema } },
};

/** Describes every route that is registered from here on, at `GET /openapi.json` (OpenAPI 3.1). */
export async function useOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'netnsd',
        version,
        summary: 'Pools of pre-built Linux network namespaces for container cold starts',
        description: 'HTTP/1.1 with JSON on a unix socket (/run/netnsd/netnsd.sock); never TCP.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'leases', description: 'Who holds which endpoint.' },
        { name: 'pools', description: 'Endpoints of one kind, and how many.' },
        { name: 'oci', description: 'Bundles of OCI runtimes.' },
        { name: 'daemon', description: 'The daemon itself.' },
      ],
    },
    // Beside what the serialisers follow: here, so that no reply passes a serialiser for the sake of the description.
    transform: ({ schema, url, route }) => {
      const response = { ...(schema.response as object), ...route.config?.openapi, default: problem };
      return { schema: { ...schema, response }, url };
    },
  });
}
