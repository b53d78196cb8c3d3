import { writeFileSync } from 'node:fs';
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { collectGarbage } from '../../src/kernel/process/heap.js';

// To be preloaded into a daemon (node --import) whose memory is looked at: V8 collects when a heap is a few times what
// it was, so what a process holds says little of what it needs. This collects each thread's heap every second, and writes
// how many bytes the main thread's young generation takes into the file that YOUNG_FILE names.
setInterval(
  () => {
    collectGarbage();
    const file = process.env['YOUNG_FILE'];
    if (!isMainThread || file === undefined) return;
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    writeFileSync(file, String(young?.space_size));
  },
  isMainThread ? 1000 : 1100,
).unref();
