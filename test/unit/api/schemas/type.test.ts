import { execa } from 'execa';
import t from 'tap';
import { Type as Box } from 'typebox';
import { Value } from 'typebox/value';
import { Type } from '../../../../src/api/schemas/type.js';

/** The same made by both: JSON that differs in nothing, the order of names included. */
const PAIRS: readonly [string, object, object][] = [
  ['Boolean', Type.Boolean({ description: 'd' }), Box.Boolean({ description: 'd' })],
  ['Integer', Type.Integer({ minimum: 1, examples: [2] }), Box.Integer({ minimum: 1, examples: [2] })],
  ['Number', Type.Number(), Box.Number()],
  ['String', Type.String({ pattern: '^a$' }), Box.String({ pattern: '^a$' })],
  ['Unknown', Type.Unknown(), Box.Unknown()],
  ['Literal', Type.Literal('ok', { examples: ['ok'] }), Box.Literal('ok', { examples: ['ok'] })],
  ['Unsafe', Type.Unsafe<'a'>({ enum: ['a'], title: 't' }), Box.Unsafe<'a'>({ enum: ['a'], title: 't' })],
  ['Array', Type.Array(Type.String(), { minItems: 1 }), Box.Array(Box.String(), { minItems: 1 })],
  ['Immutable', Type.Immutable(Type.Array(Type.String())), Box.Immutable(Box.Array(Box.String()))],
  ['Record', Type.Record(Type.Integer(), { title: 't' }), Box.Record(Box.String(), Box.Integer(), { title: 't' })],
  ['Optional', Type.Optional(Type.String({ title: 't' })), Box.Optional(Box.String({ title: 't' }))],
  [
    'Object',
    Type.Object({ a: Type.Optional(Type.String()), b: Type.Number() }, { additionalProperties: false, title: 't' }),
    Box.Object({ a: Box.Optional(Box.String()), b: Box.Number() }, { additionalProperties: false, title: 't' }),
  ],
  ['Object', Type.Object({ a: Type.Optional(Type.String()) }), Box.Object({ a: Box.Optional(Box.String()) })],
  ['Object', Type.Object({}), Box.Object({})],
];

t.test('every type is, as JSON, what typebox makes', async (t) => {
  for (const [name, ours, theirs] of PAIRS) t.equal(JSON.stringify(ours), JSON.stringify(theirs), name);
  t.strictSame([...new Set(PAIRS.map(([name]) => name))].sort(), Object.keys(Type).sort(), 'and none is left out');
});

t.test('what is optional in one object is not so in another', async (t) => {
  const name = Type.String();
  t.strictSame(Type.Object({ name: Type.Optional(name) }).required, undefined);
  t.strictSame(Type.Object({ name }).required, ['name']);
});

t.test("typebox's own checks understand what is made", async (t) => {
  const schema = Type.Object({ a: Type.Optional(Type.String()), b: Type.Record(Type.Number()) });
  t.ok(Value.Check(schema, { b: { x: 1 } }));
  t.notOk(Value.Check(schema, { a: 1, b: {} }));
  t.notOk(Value.Check(schema, { b: { x: 'y' } }));
});

t.test('the daemon loads no code of typebox', async (t) => {
  const rooms = ['daemon', 'api'].map((room) => new URL(`../../../src/${room}/index.js`, import.meta.url).href);
  const hooks = `export async function load(url, context, next) {
    if (/[/]node_modules[/]/.test(url)) process._rawDebug(url);
    return next(url, context);
  }`;
  const script = `
    import { register } from 'node:module';
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
    for (const room of ${JSON.stringify(rooms)}) await import(room);`;
  const { stderr } = await execa(process.execPath, ['--input-type=module', '--eval', script]);
  t.match(stderr, '/node_modules/fastify/');
  t.notMatch(stderr, '/node_modules/typebox/');
});
