import { type FastifyInstance, fastify } from 'fastify';
import { ProblemSchema } from './index.js';

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

/**
 * The OpenAPI 3.1 description of the routes that `register` registers, in an instance that never answers: few ask for it,
 * and what makes it takes a daemon's start 0.1 s and some megabytes.
 */
export async function describeRoutes(
  register: (app: FastifyInstance) => Promise<void>,
  version: string,
): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger');
  const app = fastify({ logger: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (reply) => JSON.stringify(reply));
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
  await register(app);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
