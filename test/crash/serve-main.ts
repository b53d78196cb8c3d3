/** `netnsd serve` from its modules: faults are injected into what is loaded from these, and not into the bundle. */
import { startWorker } from '../../src/endpoint/thread/start-worker.js';
import { runDaemon } from '../../src/netnsd-daemon.js';

await runDaemon(startWorker());
