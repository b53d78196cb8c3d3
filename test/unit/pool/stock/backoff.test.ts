import t from 'tap';
import { Backoff } from '../../../../src/pool/stock/backoff.js';

t.test('backoff doubles from 100 ms to 30 s and starts again after a success', async (t) => {
  const backoff = new Backoff();
  t.same(
    Array.from({ length: 11 }, () => backoff.next()),
    [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000],
  );
  backoff.reset();
  t.equal(backoff.next(), 100);
});
