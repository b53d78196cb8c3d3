import t from 'tap';
import { containerKey } from '../../../src/api/runtime-root.js';

t.test('one id under two roots is two containers, and under none it is as it was', async (t) => {
  const key = (root?: string) => containerKey('web', root === undefined ? {} : { 'netnsd-runtime-root': root });
  t.equal(key(), 'web');
  t.match(key('%2Frun%2Fcontainerd%2Frunc%2Fdefault'), /^web@[0-9a-f]{8}$/);
  t.not(key('%2Frun%2Fcontainerd%2Frunc%2Fdefault'), key('%2Frun%2Fcontainerd%2Frunc%2Fk8s.io'));
  t.equal(key('/a'), key('%2Fa'), 'the encoding does not matter');
});

t.test('a header that is no path is refused', async (t) => {
  for (const root of ['', 'relative', '%', `/${'x'.repeat(5000)}`]) {
    t.throws(() => containerKey('web', { 'netnsd-runtime-root': root }), { code: 'bad_request' });
  }
});
