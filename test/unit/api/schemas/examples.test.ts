import t from 'tap';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import * as schemas from '../../../../src/api/schemas/index.js';
import { shortHash } from '../../../../src/endpoint/identity.js';
import { factsOf, planEndpoint } from '../../../../src/endpoint/plan.js';
import { ERROR_CODES } from '../../../../src/errors.js';
import { newLeaseId } from '../../../../src/pool/lease/lease-id.js';

type Json = TSchema & { readonly examples?: readonly unknown[] } & Record<string, unknown>;

/** Every schema in `schema`, itself included, by its path. */
function* within(schema: Json, path: string): Generator<[path: string, schema: Json]> {
  yield [path, schema];
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'examples' || name === 'enum' || typeof value !== 'object' || value === null) continue;
    yield* within(value as Json, `${path}.${name}`);
  }
}

const ALL = Object.entries(schemas).flatMap(([name, schema]) => [...within(schema as unknown as Json, name)]);
const WITH_EXAMPLES = ALL.filter(([, { examples }]) => Array.isArray(examples));

t.test('every example is valid for its schema', async (t) => {
  t.ok(WITH_EXAMPLES.length > 60);
  for (const [path, schema] of WITH_EXAMPLES)
    for (const example of schema.examples ?? [])
      t.strictSame([...Value.Errors(schema, example)], [], `${path}: ${JSON.stringify(example)}`);
});

/** The examples of the schemas at this path in any schema. */
function examplesAt(path: RegExp): unknown[] {
  return WITH_EXAMPLES.filter(([at]) => path.test(at)).flatMap(([, { examples }]) => examples ?? []);
}

t.test('the examples of a lease are what the daemon of /run/netnsd calls its seventeenth endpoint', async (t) => {
  const site = {
    instanceId: shortHash('/run/netnsd'),
    identity: '/run/netnsd',
    stateDir: '/run/netnsd',
    netnsDir: null,
  };
  const network = {
    ...{ name: 'default', subnet: '10.213.0.0/16', mtuBytes: 1500, max: 1000, endpointsPerHub: 1000, buildBatch: 16 },
    dns: { servers: [], search: [], options: [] },
  };
  const name = { pool: 'default', id: 'default-17', seq: 17, index: 16 };
  const netns = { path: `/run/netnsd/netns/${name.id}.7f3c9a0d41b2e865`, inode: 4026532801 };
  const facts = factsOf(planEndpoint(site, network, name), { netns, hub: 'default.0' }, network.dns);
  const lease = 'LeaseSchema\\.properties';
  const expected: [RegExp, unknown][] = [
    [new RegExp(`${lease}\\.netns\\.properties\\.path$`), facts.netns.path],
    [new RegExp(`${lease}\\.interface\\.properties\\.name$`), facts.interface.name],
    [new RegExp(`${lease}\\.interface\\.properties\\.mac$`), facts.interface.mac],
    [new RegExp(`${lease}\\.interface\\.properties\\.mtu$`), facts.interface.mtu],
    [new RegExp(`${lease}\\.interface\\.properties\\.hostName$`), facts.interface.hostName],
    [new RegExp(`${lease}\\.interface\\.properties\\.hub$`), facts.interface.hub],
    [new RegExp(`${lease}\\.addresses\\.items\\.properties\\.address$`), facts.addresses[0]?.address],
    [new RegExp(`${lease}\\.addresses\\.items\\.properties\\.gateway$`), facts.addresses[0]?.gateway],
    [new RegExp(`${lease}\\.routes\\.items\\.properties\\.destination$`), facts.routes[0]?.destination],
    [/\.properties\.endpoint$/, name.id],
    [/^Endpoint(Params)?Schema\.properties\.id$/, name.id],
  ];
  for (const [path, value] of expected) {
    const examples = examplesAt(path);
    t.ok(examples.length > 0, `${path} has an example`);
    for (const example of examples) t.equal(example, value, `${path}`);
  }
});

t.test('examples of lease ids have the form of lease ids, those of errors are in the registry', async (t) => {
  const form = new RegExp(`^[0-9a-f]{${newLeaseId().length}}$`);
  const ids = [...examplesAt(/^Lease(Params)?Schema\.properties\.id$/), ...examplesAt(/\.properties\.lease$/)];
  t.ok(ids.length > 2);
  for (const id of ids) if (id !== null) t.match(id, form);
  const [code, title] = [examplesAt(/^ProblemSchema.*\.code$/)[0], examplesAt(/^ProblemSchema.*\.title$/)[0]];
  t.equal(code, 'pool_exhausted');
  t.equal(title, ERROR_CODES.pool_exhausted.meaning);
  t.strictSame(examplesAt(/^ProblemSchema.*\.status$/), [ERROR_CODES.pool_exhausted.status]);
});
