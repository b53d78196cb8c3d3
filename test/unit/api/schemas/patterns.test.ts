import t from 'tap';
import { PATTERNS, wordsOf } from '../../../../src/api/schemas/patterns.js';
import { makeApi } from '../serve.js';

/** Every `pattern` in a JSON document. */
function patternsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'pattern' && typeof part === 'string' ? [part] : patternsOf(part),
  );
}

t.test('every pattern of a schema is told in words, without the pattern', async (t) => {
  const { app } = await makeApi(t);
  const patterns = new Set(patternsOf((await app.inject('/openapi.json')).json()));
  t.same(
    [...patterns].sort(),
    Object.values(PATTERNS)
      .map(({ pattern }) => pattern)
      .sort(),
  );
  for (const pattern of patterns) t.notMatch(wordsOf(pattern), pattern, pattern);
});

const CHARACTERS = Array.from({ length: 126 - 32 }, (_, index) => String.fromCharCode(33 + index));

t.test('the characters that the words name are those that the pattern takes', async (t) => {
  for (const [name, { pattern, words }] of Object.entries(PATTERNS)) {
    if (!words.includes(' only')) continue;
    const named = words
      .slice(0, words.indexOf(' only'))
      .split(' ')
      .filter((word) => word.length === 1);
    const letters = words.includes('lower-case') ? /[a-z0-9]/ : /[A-Za-z0-9]/;
    const allowed = CHARACTERS.filter((one) => letters.test(one) || named.includes(one));
    t.same(
      CHARACTERS.filter((one) => new RegExp(pattern, 'u').test(`a${one}a`)),
      allowed,
      name,
    );
  }
});
