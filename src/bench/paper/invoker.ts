import { rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import fastify from 'fastify';
import { settleNamespaces } from '../programs/native-programs.js';
import { waitForQuiet } from '../quiet.js';
import type { Opened, Started } from './contenders/contender.js';
import { clockMs, Marks, type RequestTimes } from './stages.js';

const SOCKET = '/run/bench-paper-invoker.sock';
const DEADLINE_MS = 180_000;

/** The front of a platform for functions: each `POST /invoke` starts a container by the contender that is open, and answers with its output. */
export interface Invoker {
  /** Sends `count` requests at once; resolves when nothing of their containers is left. Throws the first failure. `onAnswer` is called for each answer. */
  batch(opened: Opened, count: number, onAnswer?: () => void): Promise<RequestTimes[]>;
  close(): Promise<void>;
}

interface Job {
  readonly opened: Opened;
  readonly one: Started;
  readonly sentMs: number;
  marks: Marks | undefined;
  done: Promise<void>;
}

export async function openInvoker(): Promise<Invoker> {
  rmSync(SOCKET, { force: true });
  const jobs = new Map<string, Job>();
  const server = fastify();
  server.post('/invoke/:id', async (call) => {
    const job = jobs.get((call.params as { id: string }).id) as Job;
    return { output: await serve(job) };
  });
  await server.listen({ path: SOCKET, backlog: 1024 });
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  let sequence = 0;
  return {
    async batch(opened, count, onAnswer) {
      const zeroMs = clockMs();
      const sent = Array.from({ length: count }, (_, index): Job => {
        sequence += 1;
        const one = { id: `f${sequence}`, index };
        const job = { opened, one, sentMs: clockMs(), marks: undefined, done: Promise.resolve() };
        jobs.set(one.id, job);
        return job;
      });
      try {
        await withDeadline(
          allOf(
            sent.map(async (job) => {
              await post(agent, job.one.id);
              job.marks?.answered();
              onAnswer?.();
              await job.done;
            }),
          ),
        );
      } finally {
        for (const { one } of sent) jobs.delete(one.id);
      }
      return sent.map(({ marks }) => (marks as Marks).times(zeroMs));
    },
    async close() {
      agent.destroy();
      await server.close();
    },
  };
}

/** Resolves with the function's output; the clean-up goes on behind it. */
function serve(job: Job): Promise<string> {
  return new Promise((resolve, reject) => {
    const marks = new Marks(job.sentMs, resolve);
    job.marks = marks;
    marks.end('invocation');
    job.done = job.opened.start(job.one, marks).then(() => marks.end('clean-up'));
    job.done.catch(reject);
  });
}

function post(agent: Agent, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: SOCKET, path: `/invoke/${id}`, method: 'POST', agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(messageOf(body)))));
    });
    call.on('error', reject);
    call.end();
  });
}

function messageOf(body: string): string {
  return (JSON.parse(body) as { message?: string }).message ?? body;
}

/** All have ended before the first failure is thrown: none is left behind in the next batch. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (failures.length > 0) {
    const [first] = failures as [PromiseRejectedResult];
    throw new Error(`${failures.length} of ${promises.length}: ${(first.reason as Error).message}`);
  }
}

async function withDeadline(promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What fewer containers leave to be done is little. */
const FEW = 10;

/** Waits until a contender, and the kernel behind it, are at rest after `count` containers. */
export async function atRest(opened: Opened | undefined, count: number): Promise<void> {
  await opened?.settled?.();
  await (count < FEW ? settleNamespaces() : waitForQuiet());
}
