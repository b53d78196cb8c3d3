import { writeFileSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import t from 'tap';
import type { Lease } from '../../src/pool/types.js';
import { type Daemon, startDaemon } from './daemon.js';
import { eventually, hubOf } from './eye.js';

const RATE_IN = 40e6;
const RATE_OUT = 20e6;
const CONFIG = `
reconcile_seconds = 3600
[pools.default]
subnet = "10.213.0.0/24"
min_ready = 2
max = 4
sizing = "fixed"
address_cooldown_seconds = 0
rate_in = "40Mbit"
rate_out = "20000Kbit"
`;
const PORT = 5201;
const [START_MS, END_MS] = [400, 1900];
const AGAIN_MS = 180_000;

/** Prints the bits per second that it receives from all connections together in the time between. */
const RECEIVER = `
let bytes = 0;
require('node:net').createServer((socket) => {
  socket.on('data', ({ length }) => { bytes += length; }).on('error', () => {});
}).listen(${PORT}, () => process.stderr.write('listening')).once('connection', () => {
  setTimeout(() => {
    const [before, since] = [bytes, performance.now()];
    setTimeout(() => {
      process.stdout.write(String(8000 * (bytes - before) / (performance.now() - since)), () => process.exit(0));
    }, ${END_MS - START_MS});
  }, ${START_MS});
});
`;
/** Sends as much as it can until the other side has gone. */
const SENDER = `
const [host, flows] = process.argv.slice(1);
for (let at = 0; at < flows; at += 1) {
  const socket = require('node:net').connect(${PORT}, host).on('error', () => {});
  const send = () => { while (socket.write(Buffer.alloc(65536))); };
  socket.on('connect', send).on('drain', send);
}
`;

const inside = (netns: string | null): string[] => (netns === null ? [] : ['nsenter', `--net=${netns}`]);
function run(netns: string | null, script: string, ...args: string[]) {
  const [file, ...rest] = [...inside(netns), process.execPath, '-e', script, ...args];
  return execa('env', ['-u', 'NODE_OPTIONS', file as string, ...rest]);
}

/** What passes from one to the other with so many flows; the mean round trip meanwhile, in milliseconds. */
async function measureOnce(from: string | null, to: string | null, host: string, flows: number) {
  const receiver = run(to, RECEIVER, String(flows));
  await new Promise((resolve) => receiver.stderr.once('data', resolve));
  const sender = run(from, SENDER, host, String(flows));
  const ping = [...inside(from), '/bin/busybox', 'ping', '-c10', '-i0.2', '-W10', host];
  const [{ stdout: rate }, { stdout: pings }] = await Promise.all([receiver, execa('env', ping), sender]);
  return { rate: Number(rate), rttMs: Number(/= [\d.]+\/([\d.]+)\//.exec(pings)?.[1]) };
}

type Seen = Awaited<ReturnType<typeof measureOnce>>;
const isLimited = (seen: Seen, rate: number): boolean => seen.rate > 0.9 * rate && seen.rate < 1.1 * rate;
const isQueueShort = (seen: Seen): boolean => seen.rttMs < 60;

/** A machine that is short of time may hold up sender, receiver or ping: then it is measured again. */
async function measure(...[from, to, host, flows, rate]: [...Parameters<typeof measureOnce>, number]): Promise<Seen> {
  for (const end = Date.now() + AGAIN_MS; ; ) {
    const seen = await measureOnce(from, to, host, flows);
    if ((isLimited(seen, rate) && isQueueShort(seen)) || Date.now() > end) return seen;
  }
}

const addressOf = ({ addresses }: Lease): string => addresses[0]?.address.split('/')[0] as string;
const qdiscs = (netns: string, link: string): string =>
  execaSync('nsenter', [`--net=${netns}`, 'tc', 'qdisc', 'show', 'dev', link]).stdout;

async function reconcile(daemon: Daemon): Promise<unknown> {
  return ((await daemon.send('POST', '/v1/reconcile', { fix: true })).body as { findings: unknown }).findings;
}

t.test('what a container receives and sends is limited, with one flow and with eight', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  t.match(await daemon.cli('inspect', 'default'), /^rate_in +40Mbit\nrate_out +20Mbit$/m);
  const lease = await daemon.acquire('--id', 'one');
  t.match(lease.interface, { rateIn: RATE_IN, rateOut: RATE_OUT });
  const gateway = lease.addresses[0]?.gateway as string;
  for (const flows of [1, 8]) {
    for (const [what, rate, seen] of [
      ['received', RATE_IN, await measure(null, lease.netns.path, addressOf(lease), flows, RATE_IN)],
      ['sent', RATE_OUT, await measure(lease.netns.path, null, gateway, flows, RATE_OUT)],
    ] as const) {
      const text = `${flows} flows: ${what} ${(seen.rate / 1e6).toFixed(1)} of ${rate / 1e6} Mbit/s, mean round trip ${seen.rttMs} ms`;
      t.comment(text);
      t.ok(isLimited(seen, rate), text);
      t.ok(isQueueShort(seen), `${text}: the queue is short`);
    }
  }
  await daemon.cli('release', lease.id);
  await eventually('it is verified', async () => (await daemon.pools())[0]?.dirty === 0);
  t.match(await daemon.pools(), [{ recycledByProof: 1, replaced: 0 }], 'the limits are part of the pristine state');
});

t.test('limits are restored by a reconcile, kept by a restart, and changed with the configuration', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const lease = await daemon.acquire('--id', 'one');
  const hub = hubOf(daemon);
  const { hostName } = lease.interface;
  t.match(qdiscs(hub, hostName), /tbf .*rate 40Mbit/);
  t.match(qdiscs(lease.netns.path, 'eth0'), /tbf .*rate 20Mbit/);
  execaSync('nsenter', [`--net=${hub}`, 'tc', 'qdisc', 'delete', 'dev', hostName, 'root']);
  t.match(await reconcile(daemon), [{ problem: 'has lost its rate limit', outcome: 'done' }]);
  t.match(qdiscs(hub, hostName), /tbf .*rate 40Mbit/);

  writeFileSync(daemon.configFile, CONFIG.replace('40Mbit', '80Mbit'));
  t.equal(await daemon.cli('reload'), 'pools.default.rate_in: "40Mbit" -> "80Mbit"');
  await daemon.filled();
  t.match((await daemon.acquire('--id', 'two')).interface, { rateIn: 80e6, rateOut: RATE_OUT });
  t.match(await reconcile(daemon), []);
  t.match(qdiscs(hub, hostName), /tbf .*rate 40Mbit/, 'a lease keeps its limits');
});
