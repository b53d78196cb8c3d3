import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, FRONT, SELDOM, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const REQUESTS = 25;

/** Counts how often a process reads `taken` and `returned`, from when this resolves. */
async function readsOf({ pid, folder, stateDir }: Daemon, t: Test): Promise<() => number> {
  const trace = join(folder, 'trace');
  const args = ['-f', '-y', '-e', 'trace=getdents64', '-o', trace, '-p', `${pid}`];
  const strace = spawn('strace', args, { stdio: 'ignore' });
  const ended = once(strace, 'exit');
  t.teardown(() => {
    strace.kill('SIGINT');
    return ended;
  });
  const statusOf = (task: string) => readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
  await eventually('strace holds every thread', () =>
    readdirSync(`/proc/${pid}/task`).every((task) => statusOf(task).includes(`\nTracerPid:\t${strace.pid}\n`)),
  );
  const read = new RegExp(`<${stateDir}/shelf/(taken|returned)>`);
  return () =>
    readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => read.test(line)).length;
}

async function request(daemon: Daemon, t: Test): Promise<void> {
  const { status, body } = await daemon.send('POST', '/v1/leases', { containerId: 'over-http', wait: 60 });
  t.equal(status, 201, JSON.stringify(body));
  t.equal((await daemon.leases()).length, 1);
  t.equal((await daemon.send('DELETE', `/v1/leases/${(body as Lease).id}`)).status, 204);
}

t.test(
  'a request reads no folder of the shelf unless a client took or returned something, and sees that at once',
  async (t) => {
    await using daemon = await startDaemon(t, SELDOM);
    const offers = join(daemon.stateDir, 'shelf/offers/default');
    const lying = () =>
      readdirSync(offers, { recursive: true, encoding: 'utf8' }).filter((path) => /default-\d+\./.test(path));
    const laidOut = () => eventually('three offers lie on the shelf', () => lying().length === 3);
    const front = (...args: string[]) => execa(FRONT, [...args, '--socket', daemon.socket]);
    await laidOut();
    // The first request after a start reads the shelf.
    await daemon.leases();
    const reads = await readsOf(daemon, t);
    for (let i = 0; i < REQUESTS; i++) await request(daemon, t);
    t.equal(reads(), 0);
    for (let i = 0; i < REQUESTS; i++) {
      await laidOut();
      const id = `from-the-shelf-${i}`;
      await front('acquire', '--id', id);
      t.ok(readdirSync(join(daemon.stateDir, 'shelf/holders')).includes(id));
      t.equal((await daemon.leaseOf(id)).source, 'warm', `${id} is listed as soon as it was taken`);
      await front('release', '--id', id);
      t.strictSame(await daemon.leases(), [], `${id} is gone as soon as it was given back`);
    }
    t.ok(reads() >= 2 * REQUESTS, `${reads()} reads`);
  },
);
