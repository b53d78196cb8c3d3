import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { PoolStatus } from '../../src/pool/types.js';
import { Daemon, startDaemon } from './daemon.js';
import { answersPing, eventually } from './eye.js';

/** How often the daemon's log says `message`. */
function said(daemon: Daemon, message: string): number {
  return daemon
    .log()
    .split('\n')
    .filter((line) => line.includes(message)).length;
}

async function pool(daemon: Daemon): Promise<PoolStatus> {
  return (await daemon.pools())[0] as PoolStatus;
}

t.test('a full tmpfs under the state directory stops nothing but new leases, which come back with room', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  const daemon = new Daemon(folder, t);
  await execa('mkdir', ['-m', '700', daemon.stateDir]);
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', daemon.stateDir]);
  try {
    writeFileSync(daemon.configFile, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 16\nmax = 200\n');
    daemon.start();
    await daemon.answers();
    await daemon.filled();
    const lease = await daemon.acquire('--id', 'before');
    await daemon.filled();
    const ballast = join(daemon.stateDir, 'ballast');
    await fill(daemon.stateDir, ballast);
    const before = await pool(daemon);
    // Where the file system has room for one record left, ready endpoints are leased; then nothing can be built.
    let served = 0;
    for (let failed = 0; failed < 30; ) {
      const answer = await daemon.send('POST', '/v1/leases', {});
      if (answer.status === 201) served += 1;
      else t.match(answer.body, { code: /^(state_write|build)_failed$/, detail: /ENOSPC/ }, `failure ${++failed}`);
    }
    const full = await pool(daemon);
    t.match(full, { leased: served + 1, broken: 0, trouble: /ENOSPC/ });
    t.ok(full.ready + full.leased >= before.ready + before.leased, 'no endpoint was lost');
    t.match(await daemon.cli('status'), /pool default {2}trouble: .*ENOSPC/);
    t.ok(await answersPing(lease.addresses[0]?.address.split('/')[0] as string), 'who has a lease has its network');
    t.equal((await daemon.send('DELETE', `/v1/leases/${lease.id}`)).status, 204, 'and may give it back');
    await eventually('it is destroyed', async () => (await pool(daemon)).destroying + (await pool(daemon)).dirty === 0);
    // What it leaves on the disk is room for one record: enough to try again, and not to go on.
    await pause(2000);
    const troubles = said(daemon, 'failed to write records');
    t.ok(troubles <= 2, `said ${troubles} times, and not with each record that finds room`);
    t.ok(said(daemon, 'failed to build endpoints ahead') <= 2);
    rmSync(ballast);
    await eventually('it recovers by itself', async () => (await pool(daemon)).trouble === null);
    await daemon.filled();
    t.equal(said(daemon, 'records are written again'), said(daemon, 'failed to write records'));
    t.ok(await daemon.acquire('--id', 'after'));
    await fill(daemon.stateDir, ballast);
    await daemon.stop('SIGKILL');
    daemon.start();
    await daemon.answers();
    t.ok(await daemon.leaseOf('after'), 'a full disk does not keep the next daemon from taking the leases over');
    t.equal((await daemon.leases()).length, served + 1);
  } finally {
    await daemon.down();
    await execa('umount', ['-l', daemon.stateDir]);
    rmSync(folder, { recursive: true, force: true });
  }
});

t.test('without descriptors left the pool waits, says so once, and fills when there are some', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 64\n');
  const limit = async (soft: number) => await execa('prlimit', ['--pid', String(daemon.pid), `--nofile=${soft}:4096`]);
  await daemon.send('PATCH', '/v1/pools/default', { minReady: 16 });
  await daemon.filled();
  // Enough for a connection and a record, and not for a build of sixteen, which holds two descriptors an endpoint.
  const own = (await execa('ls', [`/proc/${daemon.pid}/fd`])).stdout.split('\n').length;
  await limit(own + 6);
  await daemon.send('PATCH', '/v1/pools/default', { minReady: 40 });
  let short = await pool(daemon);
  await eventually('it is in trouble', async () => {
    short = await pool(daemon);
    return short.trouble !== null;
  });
  t.match(short.trouble, /EMFILE/);
  t.ok(short.ready >= 16, `${short.ready} are ready`);
  await pause(1000);
  const log = daemon.log();
  const times = (message: string): number => log.split(message).length - 1;
  const lasting = times('failed to build endpoints ahead') - times('endpoints are built ahead again');
  t.ok(lasting === 0 || lasting === 1, 'it is said once, and once more only after some could be built');
  // A try to build holds descriptors for a moment; the seals of what is ready leave some.
  for (let served = 0; served < 16; served += 1) {
    await eventually('what is ready is served', async () => {
      return (await daemon.send('POST', '/v1/leases', {})).status === 201;
    });
  }
  await limit(4096);
  await eventually('it recovers by itself', async () => (await pool(daemon)).trouble === null);
  await daemon.filled();
  t.match(await pool(daemon), { ready: 40, leased: 16, broken: 0 });
});

t.test('clients cannot take the descriptors that the daemon needs', async (t) => {
  const daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 8\n', {
    wrapper: ['prlimit', '--nofile=160:160'],
  });
  await using _ = daemon;
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (let i = 0; i < 200; i += 1) {
    const socket = connect(daemon.socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed += 1;
    });
    sockets.push(socket);
  }
  await eventually('those beyond half of the descriptors are closed', () => closed >= 200 - 80);
  t.ok(closed < 200, `${200 - closed} stand`);
  await eventually('there is room when they are sent away', async () => {
    return await daemon.send('POST', '/v1/leases', { containerId: 'one' }).then(
      ({ status }) => status < 300,
      () => false,
    );
  });
  await daemon.filled();
  t.match(await pool(daemon), { leased: 1, ready: 2, buildFailures: 0, trouble: null });
});

t.test('at the most network namespaces that a user may have, the pool serves what it could build', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'));
  const daemon = new Daemon(folder, t);
  writeFileSync(
    daemon.configFile,
    '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 12\nmax = 20\nbuild_batch = 2\n',
  );
  // The limit is of a user namespace: one of the daemon's own, so that it concerns no other process.
  const inside = 'echo 6 >/proc/sys/user/max_net_namespaces && ip link set lo up && exec "$@"';
  daemon.start([
    'unshare',
    '--user',
    '--map-root-user',
    '--net',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    inside,
    'sh',
  ]);
  await daemon.answers();
  await eventually('it is in trouble', async () => (await pool(daemon)).trouble !== null);
  const status = await pool(daemon);
  t.match(status, { trouble: /ENOSPC/, broken: 0 });
  t.ok(status.ready > 0 && status.ready < 12, `${status.ready} are ready`);
  t.equal((await daemon.send('POST', '/v1/leases', { containerId: 'one' })).status, 201);
  await pause(1500);
  t.equal(said(daemon, 'failed to build endpoints ahead'), 1);
  const enter = ['--target', String(daemon.pid), '--user', '--preserve-credentials'];
  await execa('nsenter', [...enter, 'sh', '-c', 'echo 100 >/proc/sys/user/max_net_namespaces']);
  await eventually('it recovers by itself', async () => (await pool(daemon)).trouble === null);
  await daemon.filled();
  t.match(await pool(daemon), { ready: 12, leased: 1 });
  t.equal(
    readFileSync('/proc/sys/user/max_net_namespaces', 'utf8') === '100\n',
    false,
    'the machine has its own limit',
  );
  // Its namespaces end with it, and with them all that it made.
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Fills the file system until nothing is left of it and nothing that moves in it leaves anything. */
async function fill(folder: string, ballast: string): Promise<void> {
  const isFull = () => statfsSync(folder).bavail === 0;
  for (let quiet = 0; quiet < 5; quiet = isFull() ? quiet + 1 : 0) {
    await execa('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k', 'oflag=append', 'conv=notrunc'], { reject: false });
    await pause(100);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
