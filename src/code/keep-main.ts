/** What `native-scripts/bin.sh` runs after a build or an installation, by the Node.js that will run netnsd: see `keepCode`. */
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { HEAP_LIMITS } from '../endpoint/thread/start-worker.js';
import { keepCode } from './cache.js';

const bundled = (name: string): string => fileURLToPath(new URL(`../../bundle/${name}`, import.meta.url));

process.on('uncaughtException', ({ message }) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
});
if (isMainThread) {
  keepCode(bundled('netnsd-daemon.code.js'));
  // In such a thread too, since V8 changes its flags by them.
  new Worker(new URL(import.meta.url), { resourceLimits: HEAP_LIMITS });
} else {
  keepCode(bundled('thread-main.code.js'));
}
