import t from 'tap';
import { Burst } from '../../../../src/pool/stock/burst.js';

t.test('a burst is over when no acquire came for 25 ms', async (t) => {
  const burst = new Burst();
  t.equal(burst.leftMs(0), 0);
  burst.acquired(100);
  t.equal(burst.leftMs(100), 25);
  t.equal(burst.leftMs(110), 15);
  burst.acquired(110);
  t.equal(burst.leftMs(110), 25, 'from the last one on');
  t.equal(burst.leftMs(135), 0);
});

t.test('a stream without a pause is refilled every 250 ms', async (t) => {
  const burst = new Burst();
  for (let ms = 0; ms <= 240; ms += 10) burst.acquired(ms);
  t.equal(burst.leftMs(240), 10);
  burst.acquired(250);
  t.equal(burst.leftMs(250), 0);
  burst.acquired(260);
  t.equal(burst.leftMs(260), 0, 'until a refill starts');
  burst.refilled(260);
  t.equal(burst.leftMs(260), 25);
  for (let ms = 270; ms <= 500; ms += 10) burst.acquired(ms);
  t.equal(burst.leftMs(500), 10);
});
