import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';

const HEAP = new URL('../../../../src/kernel/process/heap.js', import.meta.url).href;

/** Collects thirty times, and says how many bytes of 32 MiB of garbage went. */
const COLLECTING = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData).then(({ collectGarbage }) => {
    let garbage = Array.from({ length: 1 << 22 }, (_, i) => i);
    const before = process.memoryUsage().heapUsed;
    garbage = undefined;
    for (let i = 0; i < 30; i += 1) collectGarbage();
    parentPort.postMessage(before - process.memoryUsage().heapUsed);
  });`;

t.test("threads that collect their garbage at the same time do not get into each other's way", async (t) => {
  const threads = Array.from({ length: 4 }, () => new Worker(COLLECTING, { eval: true, workerData: HEAP }));
  const ended = threads.map((thread) => once(thread, 'exit'));
  const freed = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as number));
  for (const bytes of freed) t.ok(bytes > 16 << 20, `freed ${bytes} bytes`);
  t.same((await Promise.all(ended)).flat(), [0, 0, 0, 0]);
});
