import t from 'tap';
import {
  compareFingerprints,
  type Fingerprint,
  ITEMS,
} from '../../../../../src/endpoint/verify/fingerprint/fingerprint.js';
import { describeLines, without } from '../../../../../src/endpoint/verify/fingerprint/item.js';
import { References } from '../../../../../src/endpoint/verify/fingerprint/references.js';

const lines = (...texts: string[]) => texts.map((text) => Buffer.from(text));
/** A fingerprint in which every item has the same one object. */
const PRISTINE: Fingerprint = new Map(ITEMS.map(({ name }) => [name, lines('same')]));
const withItem = (name: string, objects: readonly Buffer[] | undefined): Fingerprint => {
  const changed = new Map(PRISTINE);
  if (objects === undefined) changed.delete(name);
  else changed.set(name, objects);
  return changed;
};

t.test('every item counts: one object more, one fewer, another one', async (t) => {
  t.equal(compareFingerprints(PRISTINE, new Map(PRISTINE)), null);
  t.equal(new Set(ITEMS.map(({ name }) => name)).size, ITEMS.length, 'each has a name of its own');
  // Texts are the items' own, of objects that are theirs; here it is lines.
  const { name } = ITEMS.find((item) => item.describe === describeLines) as (typeof ITEMS)[number];
  const rows: [what: string, found: readonly Buffer[], text: string][] = [
    ['one more', lines('more', 'same'), 'has more'],
    ['none', [], 'instead of same'],
    ['another', lines('other'), 'has other instead of same'],
    ['the same twice', lines('same', 'same'), 'another number of them'],
  ];
  for (const [what, found, text] of rows)
    t.strictSame(compareFingerprints(PRISTINE, withItem(name, found)), { item: name, text }, what);
});

t.test('what was not read of a pristine endpoint is a deviation; what was not read now is not compared', async (t) => {
  for (const { name } of ITEMS) {
    const deviation = { item: name, text: 'was not read of a pristine endpoint' };
    t.strictSame(compareFingerprints(withItem(name, undefined), PRISTINE), deviation);
    t.equal(compareFingerprints(PRISTINE, withItem(name, undefined)), null);
  }
});

t.test('a difference of lines names three of them', async (t) => {
  t.equal(describeLines([], lines('a', 'b', 'c', 'd', 'e')), 'has a, b, c and 2 more');
  t.equal(describeLines(lines('x  y\n'), lines('z')), 'has z instead of x y');
  t.strictSame(without(lines('a', 'b'), lines('b')).map(String), ['a']);
});

t.test('a reference is taken once, and anew a while after something has deviated from it', async (t) => {
  let nowMs = 0;
  const references = new References(() => nowMs);
  t.equal(references.wanted('a'), true);
  references.doubt('a');
  references.set('a', PRISTINE);
  t.equal(references.get('a'), PRISTINE);
  t.equal(references.get('b'), undefined);
  nowMs = 60_000;
  t.equal(references.wanted('a'), false, 'as long as nothing deviates');
  references.set('a', PRISTINE);
  references.doubt('a');
  t.equal(references.wanted('a'), false, 'not at once');
  nowMs += 10_001;
  t.equal(references.wanted('a'), true);
  t.equal(references.wanted('b'), true);
  references.set('a', PRISTINE);
  t.equal(references.wanted('a'), false);
});
