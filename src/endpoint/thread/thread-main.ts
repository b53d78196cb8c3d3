/** The kernel thread: the only one that unshares and enters namespaces. See `JobQueue` for the order of its work. */
import { parentPort } from 'node:worker_threads';
import { ThreadLostError } from '../../kernel/netns/netns.js';
import { collectGarbage } from '../../kernel/process/heap.js';
import { JobQueue } from './job-queue.js';
import { KernelWorker } from './kernel-worker.js';
import {
  type JobKind,
  type JobMessage,
  type Jobs,
  type ReplyMessage,
  type ThreadSettings,
  toPlain,
  toPlainError,
} from './thread-protocol.js';

type Handlers = { readonly [K in JobKind]: (input: Jobs[K]['in']) => Jobs[K]['out'] | Promise<Jobs[K]['out']> };

const port = parentPort;
if (port === null) throw new Error('thread-main is the entry of a worker thread');
let worker: KernelWorker;
const queue = new JobQueue<JobMessage>({ sealsAreFew: () => worker.verification.sealsAreFew });
let running = false;

const HANDLERS: Handlers = {
  openVault: () => worker.openVault(),
  configure: (input) => {
    worker.configure(input);
    return null;
  },
  open: (input) => {
    worker.open(input);
    return null;
  },
  inventory: () => worker.inventory(),
  describe: ({ pids }) => worker.describe(pids),
  build: ({ names }) => toPlain(worker.build(names)) as Jobs['build']['out'],
  destroy: async ({ names }) => toPlain(await worker.destroy(names)) as Jobs['destroy']['out'],
  graft: async (input) => {
    await worker.graft(input);
    return null;
  },
  adopt: ({ names }) => worker.adopt(names),
  admit: ({ endpoints }) => {
    worker.admit(endpoints);
    return null;
  },
  restoreWalls: () => worker.restoreWalls(),
  seal: ({ endpoints }) => worker.verification.seal(endpoints),
  verify: ({ endpoints }) => worker.verification.verify(endpoints),
  users: ({ netnsInodes }) => worker.users(netnsInodes),
  sealing: () => worker.verification.lackingOfSeals,
  repair: (input) => worker.repair(input),
  survey: (input) => worker.survey(input),
  removeStale: (input) => worker.removeStale(input),
  removeNetwork: (input) => worker.removeNetwork(input),
  collect: () => {
    collectGarbage();
    return null;
  },
  close: () => {
    worker.close();
    setImmediate(() => port.close());
    return null;
  },
};

// See `startWorker`: the thread has been started before its settings were known. Null: it is not needed after all.
port.once('message', (settings: ThreadSettings | null) => {
  if (settings === null) {
    port.close();
    return;
  }
  worker = new KernelWorker(settings);
  port.on('message', (job: JobMessage) => {
    if (!queue.add(job)) void perform(job);
    void pump();
  });
});

async function pump(): Promise<void> {
  if (running) return;
  running = true;
  for (let job = queue.next(performance.now()); job !== undefined; job = queue.next(performance.now())) {
    await perform(job);
    queue.done(job, performance.now());
    // Messages that came meanwhile are taken in before the next job is chosen: one of them may be urgent.
    await new Promise(setImmediate);
  }
  running = false;
  const waitMs = queue.waitMs(performance.now());
  if (waitMs !== null) setTimeout(() => void pump(), Math.ceil(waitMs));
}

async function perform(job: JobMessage): Promise<void> {
  const { ticket, kind, input } = job;
  try {
    reply({ ticket, output: await (HANDLERS[kind] as (input: unknown) => unknown)(input) });
  } catch (error) {
    // The thread stands in another namespace: nothing more may run on it. The daemon ends with it.
    if (error instanceof ThreadLostError) throw error;
    reply({ ticket, error: toPlainError(error) });
  }
}

function reply(message: ReplyMessage): void {
  port?.postMessage(message);
}
