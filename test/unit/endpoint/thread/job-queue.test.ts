import t from 'tap';
import { JobQueue } from '../../../../src/endpoint/thread/job-queue.js';
import type { JobKind } from '../../../../src/endpoint/thread/thread-protocol.js';

const job = (kind: JobKind, input: unknown = null) => ({ kind, input });
const urgent = job('build', { urgent: true });
const refill = job('build', { urgent: false });
const repair = job('repair');
const seal = job('seal');

t.test('what a container waits for comes first, then refill; other work is not queued', async (t) => {
  const queue = new JobQueue({ sealsAreFew: () => true });
  for (const each of [refill, urgent, repair]) t.equal(queue.add(each), true);
  for (const kind of ['destroy', 'verify', 'inventory', 'seal'] as const) t.equal(queue.add(job(kind)), false, kind);
  t.same([queue.next(0), queue.next(0), queue.next(0), queue.next(0)], [urgent, repair, refill, undefined]);
  t.equal(queue.waitMs(0), null);
});

t.test('seals wait until there was no build for a while, once there are more than a few', async (t) => {
  const queue = new JobQueue({ sealsAreFew: () => false });
  for (const each of [seal, refill]) t.equal(queue.add(each), true);
  t.equal(queue.next(1000), refill);
  queue.done(refill, 1000);
  t.equal(queue.next(1010), undefined);
  t.equal(queue.waitMs(1010), 40);
  t.equal(queue.add(refill), true);
  t.equal(queue.next(1060), refill, 'a build that comes meanwhile goes before it');
  queue.done(refill, 1060);
  t.equal(queue.waitMs(1060), 50);
  t.equal(queue.next(1110), seal);
  queue.done(seal, 1111);
  t.equal(queue.waitMs(1111), null);
});
