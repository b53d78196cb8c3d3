/**
 * The kernel thread: the only one that unshares and enters namespaces. One build at a time; what cannot wait comes
 * first: builds that a container waits for, then removals, then refill.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ThreadLostError } from '../../kernel/netns/netns.js';
import { collectGarbage } from '../../kernel/process/heap.js';
import { Workshop } from './kernel-worker.js';
import {
  type JobMessage,
  type Jobs,
  type ReplyMessage,
  type ThreadSettings,
  toPlain,
  toPlainError,
} from './thread-protocol.js';

const port = parentPort;
if (port === null) throw new Error('thread-main is the entry of a worker thread');
const workshop = new Workshop(workerData as ThreadSettings);
const urgent: JobMessage[] = [];
const refill: JobMessage[] = [];
let running = false;

port.on('message', (job: JobMessage) => {
  // What does not unshare goes ahead at once: the socket keeps its requests in order.
  if (job.kind === 'build') (job as JobMessage<'build'>).input.urgent ? urgent.push(job) : refill.push(job);
  // Bridges are not made anew under the hands of a build.
  else if (job.kind === 'repair') urgent.push(job);
  else void perform(job);
  void pump();
});

async function pump(): Promise<void> {
  if (running) return;
  running = true;
  for (let job = urgent.shift() ?? refill.shift(); job !== undefined; job = urgent.shift() ?? refill.shift())
    await perform(job);
  running = false;
}

async function perform(job: JobMessage): Promise<void> {
  const { ticket } = job;
  try {
    reply({ ticket, output: await work(job) });
  } catch (error) {
    // The thread stands in another namespace: nothing more may run on it. The owner starts a new one.
    if (error instanceof ThreadLostError) throw error;
    reply({ ticket, error: toPlainError(error) });
  }
}

async function work(job: JobMessage): Promise<unknown> {
  switch (job.kind) {
    case 'open':
      return workshop.open();
    case 'inventory':
      return workshop.inventory();
    case 'build':
      return toPlain(await workshop.build((job.input as Jobs['build']['in']).names));
    case 'destroy':
      return toPlain(await workshop.destroy((job.input as Jobs['destroy']['in']).names));
    case 'graft':
      await workshop.graft(job.input as Jobs['graft']['in']);
      return null;
    case 'adopt':
      return workshop.adopt((job.input as Jobs['adopt']['in']).names);
    case 'seal':
      return workshop.seal((job.input as Jobs['seal']['in']).endpoints);
    case 'verify':
      return workshop.verify((job.input as Jobs['verify']['in']).endpoints);
    case 'users':
      return workshop.users((job.input as Jobs['users']['in']).netnsInodes);
    case 'sealing':
      return workshop.lackingOfSeals;
    case 'repair':
      return workshop.repair(job.input as Jobs['repair']['in']);
    case 'survey':
      return workshop.survey((job.input as Jobs['survey']['in']).ready);
    case 'removeLinks':
      return workshop.removeLinks((job.input as Jobs['removeLinks']['in']).names);
    case 'collect':
      collectGarbage();
      return null;
    case 'close':
      workshop.close();
      setImmediate(() => port?.close());
      return null;
  }
}

function reply(message: ReplyMessage): void {
  port?.postMessage(message);
}
