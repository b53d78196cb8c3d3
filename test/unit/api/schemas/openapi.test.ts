import t from 'tap';
import { makeApi } from '../serve.js';

type Json = Record<string, unknown>;
interface Operation {
  readonly summary?: string;
  readonly requestBody?: { content: Record<string, { schema: Json }> };
  readonly parameters?: { name: string; in: string; schema: Json }[];
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>;
}
interface Document {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Record<string, Record<string, Operation>>;
}

const OPERATIONS = [
  'post /v1/leases',
  'get /v1/leases',
  'get /v1/leases/{id}',
  'delete /v1/leases/{id}',
  'patch /v1/leases/{id}',
  'delete /v1/containers/{containerId}/lease',
  'get /v1/pools',
  'get /v1/pools/{name}',
  'patch /v1/pools/{name}',
  'get /v1/endpoints/{id}',
  'get /v1/status',
  'post /v1/oci/patch',
  'post /v1/oci/graft',
  'post /v1/reconcile',
  'post /v1/reload',
  'put /v1/leases/{id}/dns-files',
  'get /healthz',
  'get /metrics',
  'get /v1/events',
  'get /openapi.json',
];

t.test('the description holds every route, each with its answers and the problem document', async (t) => {
  const { app } = await makeApi(t);
  const reply = await app.inject('/openapi.json');
  t.equal(reply.statusCode, 200);
  const document = reply.json<Document>();
  t.match(document.openapi, /^3\.1\./);
  t.match(document.info, { title: 'netnsd', version: '1.2.3' });
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  t.strictSame(described.sort(), [...OPERATIONS].sort());
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const name = `${method} ${path}`;
      t.type(operation.summary, 'string', `${name} has a summary`);
      t.ok(operation.responses.default?.content?.['application/problem+json'], `${name} may fail with a problem`);
      const good = Object.keys(operation.responses).filter((status) => /^2\d\d$/.test(status));
      t.ok(good.length > 0, `${name} says what it answers`);
      for (const [status, response] of Object.entries(operation.responses)) {
        t.ok(response.description.length > 0, `${name} ${status} is described`);
        t.not(response.description, 'Default Response', `${name} ${status} is described in words of its own`);
        t.equal(response.content === undefined, status === '204', `${name} ${status} has a body unless it is 204`);
      }
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      t.strictSame(
        parameters.map((parameter) => parameter.name),
        inPath,
        `${name} describes its path`,
      );
    }
  }
});

t.test('shapes come with descriptions and examples, and are refused with unknown fields', async (t) => {
  const { app } = await makeApi(t);
  const { paths } = (await app.inject('/openapi.json')).json<Document>();
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const bodies = operations.flatMap(({ requestBody }): Json[] => {
    const schema = requestBody?.content['application/json']?.schema;
    return schema === undefined ? [] : [schema];
  });
  t.equal(bodies.length, 7);
  for (const body of bodies) {
    t.type(body.description, 'string', `${body.title} is described`);
    t.equal(body.additionalProperties, false);
    for (const [field, schema] of Object.entries(body.properties as Record<string, Json>))
      t.type(schema.description, 'string', `${body.title}.${field} is described`);
  }
  const created = paths['/v1/leases']?.post?.responses['201']?.content?.['application/json']?.schema;
  const [one, many] = (created?.anyOf ?? []) as Json[];
  t.equal(one?.title, 'Lease');
  t.equal(many?.title, 'LeaseList');
  for (const [field, schema] of Object.entries(one?.properties as Record<string, Json>))
    if (schema.type === 'string') t.ok(Array.isArray(schema.examples), `Lease.${field} has an example`);
});
