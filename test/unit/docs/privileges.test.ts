import t from 'tap';
import { type Capability, NEEDED_CAPABILITIES } from '../../../src/kernel/process/capabilities.js';
import { block, readPage, rowsOf, uncoded } from './markdown.js';

t.test('the table of capabilities is the list by which the daemon drops the others', async (t) => {
  const rows = rowsOf(block(readPage('docs/privileges.md'), 'capabilities')).map(([name = '', ...rest]) => [
    uncoded(name),
    ...rest,
  ]);
  const wanted = Object.entries<Capability>(NEEDED_CAPABILITIES).map(([name, { reason, without }]) => [
    name,
    reason,
    without,
  ]);
  t.same(rows, wanted);
});
