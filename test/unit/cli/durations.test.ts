import t from 'tap';
import { renderMicroseconds } from '../../../src/cli/text/table.js';

t.test('what took a millisecond or more is told in milliseconds', async (t) => {
  const told = [0, 1.4, 999.4, 999.6, 1000, 1049, 1050, 179_832].map(renderMicroseconds);
  t.same(told, ['0 µs', '1 µs', '999 µs', '1.0 ms', '1.0 ms', '1.0 ms', '1.1 ms', '179.8 ms']);
});
