import fc from 'fast-check';
import t from 'tap';
import { elementsOf, ObjectText, type Span } from '../../../src/oci/json-text.js';

const BLANKS = ['', ' ', '\n', '\t \r\n'];

/** The text of a value, with blanks wherever JSON takes some. */
function spaced(value: unknown, blank: string): string {
  const pad = (text: string) => `${blank}${text}${blank}`;
  if (Array.isArray(value))
    return `[${value.length === 0 ? blank : value.map((one) => pad(spaced(one, blank))).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, one]) => `${pad(JSON.stringify(name))}:${pad(spaced(one, blank))}`);
  return `{${members.length === 0 ? blank : members.join()}}`;
}

const parsed = (text: string, { start, end }: Span): unknown => JSON.parse(text.slice(start, end));

t.test('each member and each element is found where it stands, and nothing around it', async (t) => {
  const hostile = fc.constantFrom('\\', '"', '\\"', '\\\\', '{', '}', '[', ']', ',', ':', '{"a":[', '\u2028');
  const name = fc.oneof(hostile, fc.string());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(hostile, fc.jsonValue({ maxDepth: 0 })),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  let compared = 0;
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), fc.constantFrom(...BLANKS), (object, blank) => {
      const text = `${blank}${spaced(object, blank)}${blank}`;
      const root = ObjectText.root(text);
      t.same(parsed(text, root), JSON.parse(text));
      const members = root.members.map((member) => [member.name, parsed(text, member.value)]);
      t.same(members, Object.entries(JSON.parse(text)));
      for (const { name, key, value } of root.members) {
        t.equal(parsed(text, key), name);
        const inner = parsed(text, value);
        const elements = elementsOf(text, value).map((element) => parsed(text, element));
        t.same(elements, Array.isArray(inner) ? inner : []);
        compared += 1;
      }
    }),
  );
  t.ok(compared > 100, `${compared} members were compared`);
});

t.test('a value of another kind has no members', async (t) => {
  for (const text of ['[{"a": 1}]', '"{}"', '1', 'null']) t.same(ObjectText.root(text).members, [], text);
  t.same(elementsOf('{"a": [1]}', { start: 0 }), []);
});

t.test('nesting deeper than Go reads is refused, and takes no stack', async (t) => {
  const nested = (depth: number) => `{"a": ${'['.repeat(depth)}${']'.repeat(depth)}}`;
  t.equal(ObjectText.root(nested(10_000)).members.length, 1);
  t.throws(() => ObjectText.root(nested(10_001)).members, RangeError);
});
