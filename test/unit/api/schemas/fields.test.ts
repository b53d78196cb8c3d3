import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import t from 'tap';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { makeApi } from '../serve.js';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: TSchema & { examples?: unknown[] };
  /** Where the schema's examples are in an OpenAPI document of parameters. */
  readonly example?: unknown;
}

/** What of an OpenAPI document is walked. */
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { content: { 'application/json': { schema: BodySchema } } };
}
type BodySchema = TSchema & { properties: Record<string, TSchema>; required?: readonly string[] };
type Paths = Record<string, Record<string, Operation>>;

const HOSTILE_TEXTS = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  'a/b',
  'a//b',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\r\nX-Header: b',
  ' a',
  'a ',
  '-rf',
  '--pool',
  '%2e%2e%2f',
  '%00',
  '__proto__',
  'constructor',
  'x'.repeat(4096),
  'ü'.repeat(4096),
  '\u{1f4a3}',
  '\u202eexe',
  'e\u0301',
  '\ud800',
  '$(id)',
  '`id`',
  "'; drop table leases; --",
  '{{7*7}}',
  'NaN',
  '1e999',
];
const HOSTILE_VALUES = [
  ...HOSTILE_TEXTS,
  0,
  -0,
  -1,
  1.5,
  1e308,
  -1e308,
  2 ** 53,
  null,
  true,
  [],
  {},
  [['a']],
  { $ref: '#' },
];

/** Values of every kind, and such as nearly fit: the examples, and numbers at and beyond the bounds. */
function valuesFor(schema: TSchema & { examples?: unknown[]; minimum?: number; maximum?: number }): unknown[] {
  const { examples = [], minimum, maximum } = schema;
  const bounds = [minimum, maximum].flatMap((bound) => (bound === undefined ? [] : [bound - 1, bound, bound + 1]));
  const random = fc.sample(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.double(), fc.jsonValue().filter(isHarmless)),
    60,
  );
  return [...examples, ...bounds, ...HOSTILE_VALUES, ...random];
}

/** The parser refuses such bodies whole, before their fields are read. */
function isHarmless(value: unknown): boolean {
  return !/"(__proto__|constructor)"/.test(JSON.stringify(value));
}

function exampleOf(schema: TSchema & { examples?: unknown[] }): unknown {
  const [example] = schema.examples ?? [];
  if (example === undefined) throw new Error('a field has no example');
  return example;
}

async function pathsOf(app: Awaited<ReturnType<typeof makeApi>>['app']): Promise<Paths> {
  return (await app.inject('/openapi.json')).json<{ paths: Paths }>().paths;
}

/** The path with its parameters filled in by their examples, but for those given. */
function urlOf(path: string, { parameters = [] }: Operation, given: Record<string, string> = {}): string {
  return parameters
    .filter((one) => one.in === 'path')
    .reduce(
      (url, { name, schema, example }) =>
        url.replace(`{${name}}`, encodeURIComponent(given[name] ?? String(example ?? exampleOf(schema)))),
      path,
    );
}

t.test('every field of every body takes what its schema allows, and refuses all else by its name', async (t) => {
  const { app, faults } = await makeApi(t);
  const walked: string[] = [];
  for (const [path, methods] of Object.entries(await pathsOf(app))) {
    for (const [method, operation] of Object.entries(methods)) {
      const schema = operation.requestBody?.content['application/json'].schema;
      if (schema === undefined) continue;
      const url = urlOf(path, operation, { name: 'default' });
      const required = Object.fromEntries(
        (schema.required ?? []).map((name) => [name, exampleOf(schema.properties[name] as TSchema)]),
      );
      const send = (payload: unknown) =>
        app.inject({
          method: method.toUpperCase() as NonNullable<InjectOptions['method']>,
          url,
          payload: JSON.stringify(payload),
          headers: { 'content-type': 'application/json' },
        });
      for (const [field, fieldSchema] of Object.entries(schema.properties)) {
        const tried = { taken: 0, refused: 0 };
        for (const value of valuesFor(fieldSchema)) {
          const reply = await send({ ...required, [field]: value });
          // What JSON makes of it is what the daemon sees: NaN is null there.
          const fits = Value.Check(fieldSchema, JSON.parse(JSON.stringify({ value })).value);
          const what = `${field}: ${JSON.stringify(value)?.slice(0, 80)} → ${reply.statusCode} ${reply.body.slice(0, 200)}`;
          if (!fits) {
            tried.refused += 1;
            const { code, detail } = reply.json();
            if (reply.statusCode !== 400 || code !== 'bad_request' || !detail.includes(field)) t.fail(what);
          } else {
            tried.taken += 1;
            if (reply.statusCode >= 500 && reply.json().code !== 'pool_exhausted') t.fail(what);
            if (
              reply.statusCode === 400 &&
              /must match|may have letters|must be (string|number|integer)/.test(reply.body)
            )
              t.fail(what);
          }
        }
        walked.push(`${method} ${path} ${field}`);
        t.ok(tried.taken > 0 && tried.refused > 10, `${method} ${path} ${field}: ${JSON.stringify(tried)}`);
      }
      for (const name of ['unknown', '__proto__x', 'Pool', 'containerID', '']) {
        t.match(
          (await send({ ...required, [name]: 'x' })).json(),
          { code: 'bad_request', status: 400 },
          `no field ${name}`,
        );
      }
      for (const name of schema.required ?? []) {
        const { [name]: _, ...rest } = required;
        t.match((await send(rest)).json(), { code: 'bad_request', detail: new RegExp(name) }, `${name} is required`);
      }
    }
  }
  for (const field of ['post /v1/leases containerId', 'post /v1/oci/patch bundle', 'patch /v1/pools/{name} max'])
    t.ok(walked.includes(field), `${field} was walked`);
  t.strictSame(faults, []);
});

t.test('every parameter of every path and query is answered for, whatever it is', async (t) => {
  const { app, faults } = await makeApi(t);
  const walked: string[] = [];
  for (const [path, methods] of Object.entries(await pathsOf(app))) {
    for (const [method, operation] of Object.entries(methods)) {
      const body = operation.requestBody?.content['application/json'].schema;
      for (const { name, in: place, schema } of operation.parameters ?? []) {
        let refused = 0;
        for (const value of HOSTILE_TEXTS.map((text) => Buffer.from(text).toString())) {
          const url =
            place === 'path'
              ? urlOf(path, operation, { [name]: value })
              : `${urlOf(path, operation)}?${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
          const reply = await app.inject({
            method: method.toUpperCase() as NonNullable<InjectOptions['method']>,
            url,
            ...(body === undefined ? {} : { payload: { max: 50 } }),
          });
          const what = `${method} ${url.slice(0, 120)} → ${reply.statusCode} ${reply.body.slice(0, 200)}`;
          if (reply.statusCode >= 500) t.fail(what);
          if (!Value.Check(schema, value)) {
            refused += 1;
            // An empty or a very long part of a path is another path, which is not there.
            if (![400, 404].includes(reply.statusCode)) t.fail(what);
          }
          if (reply.statusCode >= 400 && method !== 'head' && typeof reply.json().detail !== 'string') t.fail(what);
        }
        walked.push(`${method} ${path} ${name}`);
        t.ok(refused > 0, `${method} ${path} ${name}: ${refused} refused`);
      }
    }
  }
  t.ok(walked.length >= 8, walked.join(', '));
  t.strictSame(faults, []);
});
