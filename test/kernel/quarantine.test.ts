import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync, type ResultPromise } from 'execa';
import t, { type Test } from 'tap';
import { EndpointThread } from '../../src/endpoint/thread/endpoint-thread.js';
import { type Lease, type PoolSettings, Pools } from '../../src/pool/index.js';
import { FileRecords, openStateDirectory } from '../../src/state/index.js';
import { eventually } from '../runtime/eye.js';
import { type FakeHost, fakeHost, SETTINGS } from './fake-host.js';

const REST_SECONDS = 12;
const SILENT = { info() {}, warn() {} };

interface Scene {
  readonly fake: FakeHost;
  readonly pools: Pools;
  /** Runs a command inside a namespace until the test ends, or it is stopped. */
  run(netnsPath: string, ...command: string[]): ResultPromise;
}

/** A pool over real endpoints of a fake host, with three addresses and no more. */
async function scene(t: Test): Promise<Scene> {
  const fake = fakeHost(t);
  const subnet = '10.213.0.0/29';
  const networks = [{ ...SETTINGS, subnet }];
  const thread = await EndpointThread.start({ site: fake.site, networks, hostNetnsPath: fake.netnsPath });
  await thread.openVault();
  await thread.open();
  const folder = mkdtempSync(join(tmpdir(), 'quarantine-'));
  let seq = 0;
  const settings: PoolSettings = {
    name: 'default',
    minReady: 0,
    max: 3,
    capacity: 3,
    buildBatch: 4,
    addressCooldownSeconds: REST_SECONDS,
    recycle: 'replace',
    unknownSpec: 'proof',
    sizing: 'fixed',
    idleSeconds: 60,
  };
  const pools = new Pools({
    pools: [{ subnet, settings }],
    endpoints: thread,
    records: new FileRecords(openStateDirectory(join(folder, 'state'))),
    nextSeq: () => ++seq,
    log: SILENT,
  });
  pools.start();
  const running: ResultPromise[] = [];
  t.teardown(async () => {
    await Promise.all(running.map((one) => one.kill('SIGKILL') && one));
    for (const { id } of pools.leases()) pools.release(id);
    await eventually('no lease is left', () => pools.status().every((pool) => pool.dirty + pool.leased === 0));
    await pools.drain();
    await thread.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (path: string, ...command: string[]): ResultPromise => {
    // One process, so that a kill meets the command itself: nsenter executes it in its own place.
    const child = execa('nsenter', [`--net=${path}`, ...command], { reject: false, stdin: 'ignore', buffer: false });
    running.push(child as ResultPromise);
    return child as ResultPromise;
  };
  return { fake, pools, run };
}

const PYTHON = ['/usr/bin/env', 'python3', '-uc'] as const;

/** Sends a datagram to `address` every 5 ms, for ever, whatever comes back. */
const udpSender = (address: string): string[] => [
  ...PYTHON,
  `import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try: s.sendto(b'for the previous holder', ('${address}', 9000))
    except OSError: pass
    time.sleep(0.005)`,
];

/** Connects to `address` and goes on writing to this one connection, for ever. */
const tcpSender = (address: string): string[] => [
  ...PYTHON,
  `import socket, time
s = socket.create_connection(('${address}', 8000))
print('connected')
while True:
    try: s.send(b'for the previous holder')
    except OSError: pass
    time.sleep(0.01)`,
];

/** Takes every connection and reads on; sends every datagram back. */
const HOLDER = [
  ...PYTHON,
  `import socket, threading
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('', 9000))
l = socket.socket(); l.bind(('', 8000)); l.listen(16)
def drain(s):
    while s.recv(65536): pass
def echo():
    while True: u.sendto(*u.recvfrom(65536))
threading.Thread(target=echo, daemon=True).start()
while True:
    s, _ = l.accept()
    threading.Thread(target=drain, args=(s,), daemon=True).start()`,
];

const addressOf = (lease: Lease): string => lease.addresses[0]?.address.split('/')[0] as string;

/**
 * Counts what comes in on eth0 for `address`, of any protocol, before the kernel asks whether it is its own: so also what a
 * bridge floods to whom it does not concern.
 */
function watch(lease: Lease, address: string): () => number {
  const nft = (...command: string[]) => execaSync('nsenter', [`--net=${lease.netns.path}`, 'nft', ...command]).stdout;
  nft('add table netdev seen');
  nft('add chain netdev seen in { type filter hook ingress device eth0 priority 0; }');
  nft(`add rule netdev seen in ip daddr ${address} counter`);
  return () => Number(/packets (\d+)/.exec(nft('list chain netdev seen in'))?.[1]);
}

/** How many connections the host tracks in which `address` has answered, as conntrack-tools see it. */
function tracked(fake: FakeHost, address: string): number {
  const { stdout } = execaSync('nsenter', [`--net=${fake.netnsPath}`, 'conntrack', '-L', '-f', 'ipv4']);
  return stdout.split('\n').filter((line) => line.includes(`=${address} `) && !line.includes('[UNREPLIED]')).length;
}

/** How many TCP sockets of port 8000 are in a state, as `ss` sees it. */
function sockets(lease: Lease, state: 'listening' | 'established'): number {
  const seen = execaSync('nsenter', [`--net=${lease.netns.path}`, 'ss', '-Htn', 'state', state, 'sport = :8000']);
  return seen.stdout.split('\n').filter((line) => line !== '').length;
}

/** Addresses of which the host has a MAC. */
function hostNeighbours(fake: FakeHost): string[] {
  const neighbours = fake.ip('-j', 'neighbour') as { dst: string; lladdr?: string }[];
  return neighbours.filter(({ lladdr }) => lladdr !== undefined).map(({ dst }) => dst);
}

/** Has the fake host track connections, as any host with a stateful ruleset does. */
function trackConnections(fake: FakeHost): void {
  const nft = (command: string) => execaSync('nsenter', [`--net=${fake.netnsPath}`, 'nft', command]);
  nft('add table inet track');
  nft('add chain inet track out { type filter hook output priority 0; }');
  nft('add rule inet track out ct state established accept');
}

async function oneLease(pools: Pools, waitSeconds = 0): Promise<Lease> {
  const [lease] = await pools.acquire({ waitSeconds });
  return lease as Lease;
}

t.test(
  'what a peer and the host keep sending to the last holder reaches no other container during the cooldown of its address',
  async (t) => {
    const { fake, pools, run } = await scene(t);
    trackConnections(fake);
    const [holder, peer] = (await pools.acquire({ count: 2 })) as [Lease, Lease];
    const address = addressOf(holder);
    const holding = run(holder.netns.path, ...HOLDER);
    await eventually('the holder listens', () => sockets(holder, 'listening') === 1);
    const reached = watch(holder, address);
    for (const from of [peer.netns.path, fake.netnsPath]) {
      run(from, ...udpSender(address));
      run(from, ...tcpSender(address));
    }
    await eventually('four streams reach the holder', () => reached() > 500 && sockets(holder, 'established') === 2);
    t.ok(tracked(fake, address) >= 2, 'the host tracks its own two streams');
    t.ok(hostNeighbours(fake).includes(address));

    holding.kill('SIGKILL');
    await holding;
    const releasedMs = performance.now();
    pools.release(holder.id);
    const bystander = await oneLease(pools);
    const overheard = watch(bystander, address);
    t.not(addressOf(bystander), address, 'the next lease has another address');
    await eventually('the endpoint is gone', () =>
      pools.status().every(({ dirty, destroying }) => dirty + destroying === 0),
    );
    t.notOk(hostNeighbours(fake).includes(address), 'the host does not know it any more');
    t.equal(tracked(fake, address), 0, 'nor any connection of it');
    await t.rejects(pools.acquire({}), { code: 'pool_exhausted', message: /1 are in cooldown/ });

    const next = await oneLease(pools, 60);
    const restedMs = performance.now() - releasedMs;
    t.equal(overheard(), 0, 'nothing of the four streams was flooded to another endpoint');
    t.equal(addressOf(next), address, 'there was no other address');
    t.ok(restedMs >= REST_SECONDS * 1000, `it rested for ${Math.round(restedMs)} ms`);
    t.equal(tracked(fake, address), 0, 'the host takes nothing for established');
    const heard = watch(next, address);
    await eventually('they were sending all the while: what comes after the rest arrives', () => heard() > 100);
  },
);
