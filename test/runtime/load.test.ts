import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually } from './eye.js';

const POOL = '[pools.default]\nsubnet = "10.213.0.0/16"\nmin_ready = 200\nmax = 600\nsizing = "fixed"\n';
const CLIENTS = 200;
/** Or as many as are asked for: `NETNSD_LOAD_ROUNDS=200000`. */
const ROUNDS = Number(process.env['NETNSD_LOAD_ROUNDS'] ?? 3000);
const LOOK_EVERY = ROUNDS / 6;
/**
 * What the daemon may grow by from the first thousands to the last, its heaps being collected every second: the
 * allocator's and the compiler's. 200 000 rounds find a leak of 60 bytes a lease.
 */
const SLACK_BYTES = 12 * 1024 * 1024;
/** Two semi-spaces, which have grown once or twice before the daemon's own code runs; V8 would let them grow to 32 MiB. */
const YOUNG_BYTES = 9 * 1024 * 1024;
const COLLECTING = new URL('collect-often.js', import.meta.url).href;

interface Look {
  readonly rounds: number;
  readonly fds: number;
  readonly memoryBytes: number;
}

function openFds(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What is the process's alone: Pss_Anon of smaps_rollup, proc_pid_smaps_rollup(5). */
function memoryBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Anonymous:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}

function ask(agent: Agent, socketPath: string, sent: { method: string; path: string; body?: object }) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const text = sent.body === undefined ? undefined : JSON.stringify(sent.body);
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const req = request({ agent, socketPath, method: sent.method, path: sent.path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    req.on('error', reject);
    req.end(text);
  });
}

/** Acquires and releases `rounds` times by `CLIENTS` clients at once, each on a connection of its own. */
async function churn(daemon: Daemon, rounds: number, seen: Set<string>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const held = new Set<string>();
  let left = rounds;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, body } = await ask(agent, daemon.socket, {
        method: 'POST',
        path: '/v1/leases',
        body: { wait: 60 },
      });
      if (status !== 201) throw new Error(`${status} ${body}`);
      const { id, netns } = JSON.parse(body);
      if (held.has(netns.path)) throw new Error(`${netns.path} is held by two`);
      held.add(netns.path);
      seen.add(id);
      await new Promise((resolve) => setImmediate(resolve));
      held.delete(netns.path);
      const released = await ask(agent, daemon.socket, { method: 'DELETE', path: `/v1/leases/${id}` });
      if (released.status !== 204) throw new Error(`${released.status} ${released.body}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
}

/** A daemon each thread of which collects its garbage every second, see collect-often.ts. */
function startCollecting(t: Test, toml: string, youngFile = '/dev/null'): Promise<Daemon> {
  return startDaemon(t, toml, {
    wrapper: ['env', `NODE_OPTIONS=--import=${COLLECTING}`, `YOUNG_FILE=${youngFile}`],
  });
}

/** Each heap has been collected once more. */
async function collected(youngFile: string): Promise<void> {
  const looks = () => statSync(youngFile).mtimeMs;
  // The first of two may have begun before.
  for (let turn = 0; turn < 2; turn += 1) {
    const before = looks();
    await eventually('the heaps are collected', () => looks() > before);
  }
}

/** The pool as it was at the start, and no connection but the one that asks. */
async function settled(daemon: Daemon): Promise<void> {
  await eventually('the pool is at rest', async () => {
    const [pool] = await daemon.pools();
    return pool?.ready === 200 && pool.leased + pool.dirty + pool.building + pool.destroying + pool.broken === 0;
  });
}

async function look(daemon: Daemon, rounds: number, youngFile: string): Promise<Look> {
  await settled(daemon);
  // Each ready endpoint is sealed a moment later, which takes a descriptor, and laid out then.
  const offers = join(daemon.stateDir, 'shelf', 'offers', 'default');
  const lying = () =>
    readdirSync(offers, { recursive: true, withFileTypes: true }).filter((one) => one.isSymbolicLink());
  await eventually('all are sealed', () => lying().length === 200);
  await collected(youngFile);
  return { rounds, fds: openFds(daemon.pid), memoryBytes: memoryBytes(daemon.pid) };
}

t.test(
  `${ROUNDS} acquires and releases by ${CLIENTS} clients at once leave descriptors and memory as they were`,
  { timeout: 1_200_000 },
  async (t) => {
    const youngFile = join(t.testdir({}), 'young');
    await using daemon = await startCollecting(t, POOL, youngFile);
    const seen = new Set<string>();
    const looks: Look[] = [];
    for (let rounds = 0; rounds < ROUNDS; rounds += LOOK_EVERY) {
      await churn(daemon, LOOK_EVERY, seen);
      looks.push(await look(daemon, rounds + LOOK_EVERY, youngFile));
    }
    for (const { rounds, fds, memoryBytes } of looks)
      t.comment(`${rounds}: ${fds} descriptors, ${(memoryBytes / 2 ** 20).toFixed(1)} MiB`);
    t.equal(seen.size, ROUNDS, 'every lease had an id of its own');
    const [first, last] = [looks[0] as Look, looks.at(-1) as Look];
    t.ok(last.fds <= first.fds + 2, `descriptors: ${first.fds}, then ${last.fds}`);
    const least = (three: readonly Look[]): number => Math.min(...three.map((one) => one.memoryBytes));
    const [before, after] = [least(looks.slice(0, 3)), least(looks.slice(-3))];
    t.ok(after <= before + SLACK_BYTES, `memory: ${before}, then ${after} bytes`);
    const young = Number(readFileSync(youngFile, 'utf8'));
    t.ok(young > 0 && young <= YOUNG_BYTES, `young generation of the main thread: ${young} bytes`);
    t.match((await daemon.pools())[0], { released: ROUNDS, leased: 0, broken: 0, buildFailures: 0 });
  },
);

function dial(t: Test, daemon: Daemon): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(daemon.socket);
    t.teardown(() => socket.destroy());
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      socket.resume();
      resolve(socket);
    });
  });
}

const HEAD = 'POST /v1/leases HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\n';

t.test('clients that say nothing, or half, or too much, or go, cost nothing but their connection', async (t) => {
  const pool = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 2\n';
  await using daemon = await startCollecting(t, pool);
  await daemon.acquire('--id', 'one');
  await daemon.acquire('--id', 'two');
  const before = { fds: openFds(daemon.pid), memory: memoryBytes(daemon.pid) };
  const sockets: Socket[] = [];
  for (let i = 0; i < 50; i += 1) {
    const [silent, half, waiting] = [await dial(t, daemon), await dial(t, daemon), await dial(t, daemon)];
    half.write(`${HEAD}Content-Length: 60000\r\n\r\n{"containerId": "h`);
    const body = JSON.stringify({ containerId: `w${i}`, wait: 600 });
    waiting.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    sockets.push(silent, half, waiting);
  }
  const large = await dial(t, daemon);
  large.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n6400000\r\n`);
  let sent = 0;
  while (!large.destroyed && sent < 100 << 20) {
    sent += 1 << 16;
    large.write(Buffer.alloc(1 << 16, 0x20));
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(sent < 100 << 20, `the large one was cut off after ${sent} bytes`);
  t.ok(openFds(daemon.pid) <= before.fds + sockets.length, 'each costs its connection');
  t.match(await daemon.get('/healthz'), { status: 'ok' }, 'and others are answered');
  // Those who wait go, the others are sent away when their ten seconds are over.
  for (const [position, socket] of sockets.entries()) if (position % 3 === 2) socket.destroy();
  await eventually('all of them are gone', () => openFds(daemon.pid) <= before.fds);
  t.match((await daemon.pools())[0], { ready: 0, leased: 2, building: 0 });
  const growth = memoryBytes(daemon.pid) - before.memory;
  t.ok(growth < SLACK_BYTES, `memory grew by ${growth} bytes`);
  // A client that has disconnected is given nothing.
  await daemon.cli('release', '--id', 'one');
  await eventually('the endpoint is ready', async () => (await daemon.pools())[0]?.ready === 1);
  t.same(
    (await daemon.leases()).map(({ containerId }) => containerId),
    ['two'],
  );
});

t.test(
  'leases for clients that go while they are being served come back, and each has its asker in the log',
  async (t) => {
    await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 20\nmax = 40\n');
    for (let i = 0; i < 100; i += 1) {
      const socket = await dial(t, daemon);
      const body = JSON.stringify({ wait: 5, ...(i % 2 === 0 ? {} : { count: 3 }) });
      socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`, () => {
        if (i % 3 === 0) socket.destroy();
        else setTimeout(() => socket.destroy(), i % 7);
      });
    }
    // What was written into a socket that was still open is told: its holder knows of it, and it stays.
    await eventually('no client waits and no endpoint changes', async () => {
      const [pool] = await daemon.pools();
      return (
        pool !== undefined &&
        pool.ready >= Math.min(20, 40 - pool.leased) &&
        pool.building + pool.dirty + pool.destroying === 0
      );
    });
    const standing = (await daemon.leases()).map(({ id }) => id);
    const lines = daemon
      .log()
      .split('\n')
      .flatMap((line) => (line.includes('"msg":"leased"') ? [JSON.parse(line)] : []));
    for (const id of standing)
      t.match(
        lines.find(({ lease }) => lease === id),
        { pid: process.pid, uid: process.getuid?.() },
      );
    const [pool] = await daemon.pools();
    t.equal(pool?.leased, standing.length);
    t.ok((pool?.released ?? 0) + standing.length > 0);
  },
);
