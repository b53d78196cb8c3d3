import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import type { Lease } from '../../src/pool/types.js';
import type { Finding, Reconciliation } from '../../src/reconcile/findings.js';
import { type Daemon, SELDOM, startDaemon } from './daemon.js';
import { answersPing, eventually, hubLinks, hubOf, links } from './eye.js';
import { SeenVault } from './vault.js';

async function reconcile(daemon: Daemon, fix = true): Promise<readonly Finding[]> {
  const { status, body } = await daemon.send('POST', '/v1/reconcile', { fix });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body as Reconciliation).findings;
}

function addressOf(lease: Lease): string {
  return lease.addresses[0]?.address.split('/')[0] as string;
}

/** Every lease's address answers, and a new lease's as well. */
async function works(t: Test, daemon: Daemon, leases: readonly Lease[]): Promise<void> {
  await daemon.filled();
  const fresh = await daemon.acquire();
  t.equal(fresh.source, 'warm');
  for (const lease of [...leases, fresh]) t.ok(await answersPing(addressOf(lease)), `${lease.netns.path} answers`);
  await daemon.cli('release', fresh.id);
}

/** The ready endpoints, by their paths. */
async function readyPaths(daemon: Daemon): Promise<string[]> {
  const leased = new Set((await daemon.leases()).map(({ netns }) => netns.path));
  const paths = new SeenVault(daemon.stateDir).links.map((name) => join(daemon.stateDir, 'netns', name));
  return paths.filter((path) => !leased.has(path));
}

function endpointOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'));
}

t.test('an unchanged daemon finds nothing', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  t.same(await reconcile(daemon), []);
  await works(t, daemon, [lease]);
});

t.test('an uplink that was deleted is made again, and the lease goes on', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  const uplink = (await links()).find((link) => link.addr_info.some(({ local }) => local === '10.213.0.1'));
  await execa('ip', ['link', 'delete', uplink?.ifname as string]);
  t.notOk(await answersPing(addressOf(lease)));
  t.match(await reconcile(daemon, false), [{ object: uplink?.ifname, problem: 'is gone', outcome: 'found' }]);
  t.notOk(await answersPing(addressOf(lease)), 'without fix nothing is repaired');
  t.match(await reconcile(daemon), [{ object: uplink?.ifname, problem: 'is gone', outcome: 'done' }]);
  t.ok(await answersPing(addressOf(lease)), 'the same namespace');
  t.same(await daemon.leases(), [lease]);
  t.same(await reconcile(daemon), []);
  await works(t, daemon, [lease]);
});

t.test('ready endpoints that were broken are replaced, and never leased', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const [unmounted, flushed, unlinked] = (await readyPaths(daemon)) as [string, string, string];
  // Without that of the endpoint from which the daemon reads what pristine is: it comes and goes.
  const lasting = async () => (await hubLinks(daemon)).filter(({ ifname }) => !ifname.endsWith('-0')).length;
  const before = await lasting();
  await new SeenVault(daemon.stateDir).unmount(endpointOf(unmounted));
  await execa('nsenter', [`--net=${flushed}`, 'ip', 'address', 'flush', 'dev', 'eth0']);
  await execa('nsenter', [`--net=${unlinked}`, 'ip', 'link', 'delete', 'eth0']);
  const problems = (await reconcile(daemon)).map(({ object, problem, action, outcome }) => [
    object,
    problem,
    action,
    outcome,
  ]);
  const ids = [unmounted, flushed, unlinked].map(endpointOf);
  t.same(
    problems.sort(),
    [
      [ids[0], 'its namespace is not mounted any more', 'replaced', 'done'],
      [ids[1], 'its address is gone', 'replaced', 'done'],
      [ids[2], 'its link in the hub is gone', 'replaced', 'done'],
    ].sort(),
  );
  await eventually('three others are ready', async () => {
    const paths = await readyPaths(daemon);
    return paths.length === 3 && ![unmounted, flushed, unlinked].some((path) => paths.includes(path));
  });
  await works(t, daemon, []);
  await eventually('no link is left over', async () => (await lasting()) === before);
});

t.test('the daemon reconciles by itself, and logs what it repairs', async (t) => {
  await using daemon = await startDaemon(t, SELDOM.replace('3600', '1'));
  const [path] = (await readyPaths(daemon)) as [string];
  await new SeenVault(daemon.stateDir).unmount(endpointOf(path));
  await eventually('it is replaced', async () => {
    const paths = await readyPaths(daemon);
    return paths.length === 3 && !paths.includes(path);
  });
  await eventually('its log tells', () => /its namespace is not mounted any more; replaced/.test(daemon.log()));
});

t.test('a leased link that was taken out of its bridge is put back; one that was deleted is reported', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  const { hostName } = lease.interface;
  const inHub = (...args: string[]) => execa('nsenter', [`--net=${hubOf(daemon)}`, 'ip', ...args]);
  await inHub('link', 'set', hostName, 'nomaster');
  t.match(await reconcile(daemon), [{ object: hostName, problem: 'is a port of no bridge', outcome: 'done' }]);
  t.ok(await answersPing(addressOf(lease)));
  await inHub('link', 'delete', hostName);
  const told = { lease: lease.id, problem: 'its link in the hub is gone', action: 'none', advice: /with a new lease/ };
  t.match(await reconcile(daemon), [told]);
  t.same(await daemon.leases(), [lease], 'the lease stays');
  await daemon.cli('release', lease.id);
  await eventually('it is gone with its endpoint', async () => (await reconcile(daemon)).length === 0);
  await works(t, daemon, []);
});

t.test('an object that bears the instance id and belongs to no endpoint is removed', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const mark = /nd[a-z2-7]{4}-/.exec((await hubLinks(daemon)).map(({ ifname }) => ifname).join(' '))?.[0] as string;
  const veth = ['ip', 'link', 'add', `${mark}zzz`, 'type', 'veth', 'peer', 'name', 'other'];
  await execa('nsenter', [`--net=${hubOf(daemon)}`, ...veth]);
  t.match(await reconcile(daemon), [{ action: 'removed', outcome: 'done' }]);
  const names = (await hubLinks(daemon)).map(({ ifname }) => ifname);
  t.notOk(names.includes(`${mark}zzz`));
  t.same(await reconcile(daemon), []);
});

t.test('a lease ends with the container that it was made for, a plain one does not', async (t) => {
  await using daemon = await startDaemon(t, `${SELDOM.replace('3600', '1')}gone_after_seconds = 2\n`);
  const plain = await daemon.acquire('--id', 'plain');
  const { body } = await daemon.send('POST', '/v1/leases', { containerId: 'made', forContainer: true });
  const made = body as Lease;
  const processes = [plain, made].map(({ netns }) =>
    execa('nsenter', [`--net=${netns.path}`, 'sleep', '600'], { reject: false }),
  );
  await eventually('the container is seen', async () => {
    const { stdout } = await execa('grep', ['-l', '"container":"seen"', '-r', `${daemon.stateDir}/leased`], {
      reject: false,
    });
    return stdout.length > 0;
  });
  for (const process of processes) process.kill('SIGKILL');
  await Promise.all(processes);
  await eventually('the lease has ended', async () => (await daemon.leases()).every(({ id }) => id !== made.id));
  t.same(
    (await daemon.leases()).map(({ id }) => id),
    [plain.id],
  );
  t.match(daemon.log(), /its container has gone; released/);
  await eventually('its endpoint is not used again', async () => !(await readyPaths(daemon)).includes(made.netns.path));
});

t.test('a daemon that starts mends what was done while none ran', async (t) => {
  await using daemon = await startDaemon(t, SELDOM);
  const lease = await daemon.acquire('--id', 'one');
  const [flushed] = (await readyPaths(daemon)) as [string];
  await daemon.stop('SIGKILL');
  const uplink = (await links()).find((link) => link.addr_info.some(({ local }) => local === '10.213.0.1'));
  await execa('ip', ['link', 'delete', uplink?.ifname as string]);
  await execa('nsenter', [`--net=${flushed}`, 'ip', 'address', 'flush', 'dev', 'eth0']);
  daemon.start();
  await daemon.answers();
  t.same(await daemon.leases(), [lease]);
  t.ok(await answersPing(addressOf(lease)), 'before it answered');
  await works(t, daemon, [lease]);
  t.notOk((await readyPaths(daemon)).includes(flushed));
});
