import { isMainThread } from 'node:worker_threads';
import { collectGarbage } from '../../src/daemon/heap.js';

// To be preloaded into a daemon (node --import) whose memory is looked at: V8 collects when a heap is a few times what
// it was, so what a process holds says little of what it needs. This collects each thread's heap every second.
setInterval(collectGarbage, isMainThread ? 1000 : 1100).unref();
