import { type FastifyInstance, fastify } from 'fastify';
import { ProblemSchema } from './index.js';

/** Replies that are no JSON, and so have no schema in their route. */
export type DocumentedReplies = Readonly<Record<number, object>>;

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly openapi?: DocumentedReplies;
  }
}

/** A reply without a body. */
export const noContent: DocumentedReplies = { 204: { type: 'null', description: 'Done, or there was nothing to do.' } };

const problem = {
  description: 'Any failure, as a problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: ProblemSchema } },
};

/**
 * The OpenAPI 3.1 document of the routes that `register` registers, made in an instance that serves no requests. It is
 * made when it is first requested: it would delay the start of the daemon.
 */
export async function describeRoutes(
  register: (app: FastifyInstance) => Promise<void>,
  version: string,
): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger');
  // No compilers of fastify's own: a route here is only described, and they are not in the daemon's file.
  const compilersFactory = { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify };
  const app: FastifyInstance = fastify({
    logger: false,
    schemaController: { compilersFactory: compilersFactory as never },
  });
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
        { name: 'leases', description: 'Which container holds which endpoint.' },
        { name: 'pools', description: 'Pools of endpoints, and their sizes.' },
        { name: 'oci', description: 'Containers of OCI runtimes.' },
        { name: 'daemon', description: 'The daemon itself.' },
      ],
    },
    transform: ({ schema, url, route }) => {
      const response = { ...(schema.response as object), ...route.config?.openapi, default: problem };
      return { schema: { ...schema, response }, url };
    },
  });
  await register(app);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
