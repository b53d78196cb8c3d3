import t from 'tap';
import { isProcessorShort } from '../../../../src/kernel/host/run-queue.js';

t.test('processors are short when more tasks want one than there are', async (t) => {
  const short = (running: number, processors: number) =>
    isProcessorShort(() => `0.20 0.18 0.12 ${running}/80 11206\n`, processors);
  t.equal(short(2, 2), false);
  t.equal(short(3, 2), true);
  t.equal(short(100, 64), true);
  t.equal(
    isProcessorShort(() => 'no numbers', 1),
    false,
  );
  const fail = () => {
    throw new Error('no /proc');
  };
  t.equal(isProcessorShort(fail, 1), false);
});

t.test('the machine itself says so while it has more to do than it can', async (t) => {
  t.equal(isProcessorShort(undefined, 0), true, 'the caller runs');
  t.equal(isProcessorShort(undefined, 1_000_000), false);
});
