import { execa } from 'execa';
import t from 'tap';
import { startDaemon } from './daemon.js';
import { answersPing, eventually } from './eye.js';
import { CONFIG, graftedLease, hookedBundle, ipOf, LOOK, nothingLeft, startDetached } from './hooked.js';

t.test('a lease whose poststop hook never ran is found and given back', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const bundle = await hookedBundle(daemon, 'exec sleep 1000', ({ hooks }) => delete hooks?.poststop);
  await using guest = await startDetached('runc', bundle, 'guest');
  const lease = await graftedLease(daemon);
  await guest.kill();
  t.equal((await daemon.leases()).length, 1, 'it was not released');
  await eventually('the daemon finds it', async () => (await daemon.leases()).length === 0);
  await nothingLeft(t, daemon, lease);
  t.match(daemon.log(), 'container ended without its poststop hook; released');
});

t.test('a restart keeps the lease of a container that runs, and ends that of one which has gone', async (t) => {
  await using daemon = await startDaemon(t, CONFIG);
  const bundle = await hookedBundle(daemon, 'exec sleep 1000');
  await using guest = await startDetached('runc', bundle, 'guest');
  const lease = await graftedLease(daemon);
  await daemon.stop('SIGKILL');
  daemon.start();
  await daemon.answers();
  t.same(await graftedLease(daemon), lease, 'the same lease');
  t.ok(await answersPing(ipOf(lease)), 'the container noticed nothing');

  await daemon.stop('SIGKILL');
  await guest.kill();
  daemon.start();
  await daemon.answers();
  await nothingLeft(t, daemon, lease);
});

t.test('without an endpoint to give a container is not made, and nothing stays of it', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 1\nmax = 1\n');
  const bundle = await hookedBundle(daemon, 'exec sleep 1000');
  await using first = await startDetached('runc', bundle, 'first');
  const failed = await execa('runc', ['run', '--bundle', bundle.folder, 'second'], { reject: false });
  t.not(failed.exitCode, 0);
  t.match(failed.stderr, /cannot give container second a network: .*pool_exhausted/);
  t.match((await execa('runc', ['list'])).stdout, /^first .*\n?$/m);
  t.notMatch((await execa('runc', ['list'])).stdout, 'second');
  const lease = await graftedLease(daemon);
  t.ok(await answersPing(ipOf(lease)), 'the first one is not disturbed');
  await first.kill();
  await nothingLeft(t, daemon, lease);
});

t.test('annotations choose the pool, or keep netnsd away', async (t) => {
  await using daemon = await startDaemon(
    t,
    `${CONFIG}[pools.batch]\nsubnet = "10.99.0.0/24"\nmin_ready = 1\nmax = 2\n`,
  );
  const annotated = (annotations: Record<string, string>) =>
    hookedBundle(daemon, LOOK, (spec) => Object.assign(spec, { annotations }));
  const batch = await annotated({ 'dev.netnsd.pool': 'batch', 'dev.netnsd.tenant': 'blue' });
  t.match((await execa('runc', ['run', '--bundle', batch.folder, 'guest'])).stdout, /inet 10\.99\.0\.\d+\/24/);
  const skipped = await annotated({ 'dev.netnsd.skip': 'true' });
  t.notMatch((await execa('runc', ['run', '--bundle', skipped.folder, 'guest'])).stdout, 'eth0');
});

t.test('twenty containers at once each have their own', async (t) => {
  await using daemon = await startDaemon(t, '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 20\nmax = 40\n');
  const bundle = await hookedBundle(daemon, LOOK);
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, i) => execa('runc', ['run', '--bundle', bundle.folder, `guest-${i}`])),
  );
  const addresses = runs.map(({ stdout }) => /inet (10\.213\.0\.\d+)/.exec(stdout)?.[1]);
  t.equal(new Set(addresses).size, 20, 'no address twice');
  t.ok(runs.every(({ stdout }) => stdout.includes('reached the gateway')));
  await eventually('all leases are back', async () => (await daemon.leases()).length === 0);
  await daemon.filled();
});
