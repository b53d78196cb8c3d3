import t from 'tap';
import { endUnused, startWorker } from '../../../../src/endpoint/thread/start-worker.js';

t.test('a kernel thread that is not needed after all ends when it has loaded its code', async (t) => {
  const worker = startWorker();
  t.not(worker.threadId, -1);
  const codes: number[] = [];
  worker.on('exit', (code) => codes.push(code));
  await endUnused(worker);
  t.equal(worker.threadId, -1);
  t.same(codes, [0], 'by itself: it was not terminated');
  await endUnused(worker);
});
