import t from 'tap';
import { Alarm } from '../../../../src/pool/stock/alarm.js';
import { FakeClock } from '../fake-clock.js';

t.test('an alarm rings once, at the soonest of the times for which it was set', async (t) => {
  const clock = new FakeClock();
  const rang: number[] = [];
  const alarm = new Alarm(clock, () => rang.push(clock.monotonicMs()));
  alarm.set(100);
  alarm.set(300);
  alarm.set(50);
  await clock.advance(1000);
  t.same(rang, [50]);
  alarm.set(10);
  t.equal(clock.pending, 1);
  alarm.cancel();
  await clock.advance(1000);
  t.same(rang, [50]);
  alarm.set(0);
  t.same(rang, [50], 'not in the turn itself');
  await clock.settle();
  t.same(rang, [50, 2000]);
});
