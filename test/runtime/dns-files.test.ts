import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { editSpec, makeBundle } from './bundle.js';
import { startDaemon } from './daemon.js';
import { eventually } from './eye.js';
import { NETNSD_RUNC, writeSettings } from './wrapper.js';

const DNS = '[pools.default.dns]\nservers = ["10.0.0.53"]\nsearch = ["a.example"]\noptions = ["ndots:2"]\n';
const POOL = '[pools.default]\nsubnet = "10.213.0.0/24"\nmin_ready = 2\nmax = 4\n';
const LOOK = 'cat /etc/resolv.conf /etc/hosts; echo mine > /etc/hosts || echo read-only; ping -c1 -W10 guest';
const RESOLV_CONF = 'search a.example\nnameserver 10.0.0.53\noptions ndots:2\n';

for (const runtime of ['runc', 'crun']) {
  t.test(`${runtime}: a container sees the files that oci patch --dns mounts`, async (t) => {
    await using daemon = await startDaemon(t, `${POOL}${DNS}`);
    const bundle = await makeBundle(LOOK);
    await daemon.cli('oci', 'patch', bundle.folder, '--id', 'guest', '--dns');
    const lease = await daemon.leaseOf('guest');
    const { stdout } = await execa(runtime, ['run', '--bundle', bundle.folder, 'guest'], { reject: false });
    const address = lease.addresses[0]?.address.split('/')[0] as string;
    t.ok(stdout.startsWith(RESOLV_CONF), stdout);
    t.match(stdout, '127.0.0.1\tlocalhost\n');
    t.match(stdout, new RegExp(`^${address}\t\\S+ guest$`, 'm'), "the spec's host name, and the container's id");
    t.match(stdout, 'read-only');
    t.match(stdout, `PING guest (${address})`, 'its own name is found');
    const folder = join(daemon.stateDir, 'dns', lease.id);
    t.same(readdirSync(folder).sort(), ['hosts', 'resolv.conf']);
    await daemon.cli('release', '--id', 'guest');
    await eventually('the files are gone', () => !existsSync(folder));
  });
}

/** Annotations with which netnsd-runc takes from the shelf, and with which it asks the daemon. */
const ways = { 'from the shelf': { 'an.annotation': 'x' }, 'from the daemon': { 'dev.netnsd.dns': 'true' } };

for (const [way, annotations] of Object.entries(ways)) {
  t.test(`with mount_dns netnsd-runc mounts the files of what it gets ${way}, and a bundle works again`, async (t) => {
    await using daemon = await startDaemon(t, `${POOL}mount_dns = true\n${DNS}`);
    const unused = join(daemon.stateDir, 'shelf/offers/default/unused');
    await eventually('the endpoints lie on the shelf', () => readdirSync(unused).length === 2);
    const bundle = await makeBundle(LOOK);
    editSpec(bundle.folder, (spec) => Object.assign(spec, { annotations }));
    const settings = writeSettings({ runtime: 'runc', socket: daemon.socket });
    const run = () =>
      execa(NETNSD_RUNC, ['run', '--bundle', bundle.folder, 'guest'], {
        env: { NETNSD_RUNC_CONFIG: settings },
        reject: false,
      });
    const isFromShelf = way === 'from the shelf';
    // The second time the bundle bears the marks of the first: that is for the daemon.
    for (const time of [1, 2]) {
      const isUnheard = isFromShelf && time === 1;
      if (isUnheard) process.kill(daemon.pid, 'SIGSTOP');
      const { stdout } = await run().finally(() => isUnheard && process.kill(daemon.pid, 'SIGCONT'));
      t.ok(stdout.startsWith(RESOLV_CONF), stdout);
      t.match(stdout, 'read-only');
      t.match(stdout, 'PING guest');
      await eventually('the lease is back', async () => (await daemon.leases()).length === 0);
    }
    t.same(readdirSync(join(daemon.stateDir, 'dns')), []);
  });
}

t.test('the files of a lease that the daemon never heard of outlive its death, and end with the lease', async (t) => {
  await using daemon = await startDaemon(t, `${POOL}mount_dns = true\n${DNS}`);
  const unused = join(daemon.stateDir, 'shelf/offers/default/unused');
  await eventually('the endpoints lie on the shelf', () => readdirSync(unused).length === 2);
  const bundle = await makeBundle('true');
  editSpec(bundle.folder, (spec) => Object.assign(spec, { annotations: ways['from the shelf'] }));
  await daemon.stop('SIGKILL');
  const env = { NETNSD_RUNC_CONFIG: writeSettings({ runtime: '/bin/true', socket: daemon.socket }) };
  const folder = join(daemon.stateDir, 'dns');
  await execa(NETNSD_RUNC, ['create', '--bundle', bundle.folder, 'guest'], { env });
  const [lease] = readdirSync(folder);
  daemon.start();
  await daemon.answers();
  t.same([(await daemon.leases()).map(({ id }) => id), readdirSync(folder)], [[lease], [lease]]);
  await execa(NETNSD_RUNC, ['delete', 'guest'], { env });
  await eventually('the files are gone', () => readdirSync(folder).length === 0);
});

t.test('the files of a lease that did not outlive the daemon are removed, those of others stay', async (t) => {
  await using daemon = await startDaemon(t, `${POOL}mount_dns = true\n${DNS}`);
  const bundles = [await makeBundle('true'), await makeBundle('true')];
  for (const [i, { folder }] of bundles.entries())
    await daemon.cli('oci', 'patch', folder, '--id', `guest-${i}`, '--dns');
  const [kept, lost] = await daemon.leases();
  await daemon.stop('SIGTERM');
  for (const name of readdirSync(join(daemon.stateDir, 'leased'))) {
    const path = join(daemon.stateDir, 'leased', name);
    if (readFileSync(path, 'utf8').includes(lost?.id as string)) rmSync(path);
  }
  daemon.start();
  await daemon.answers();
  t.same(
    (await daemon.leases()).map(({ id }) => id),
    [kept?.id],
  );
  t.same(readdirSync(join(daemon.stateDir, 'dns')), [kept?.id]);
});
