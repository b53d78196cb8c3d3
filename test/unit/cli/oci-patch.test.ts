import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { NetnsdError } from '../../../src/errors.js';
import { bundleOf, SPEC_TEXT } from '../oci/fixture.js';
import { FakeDaemon, leaseOf, run } from './fake.js';

function setUp(t: Test, text = SPEC_TEXT) {
  const folder = bundleOf(t, text);
  const file = join(folder, 'config.json');
  return { daemon: new FakeDaemon(), folder, file, read: () => readFileSync(file, 'utf8') };
}

/** The path in the bundle's network namespace. */
function pathIn(text: string): unknown {
  return JSON.parse(text).linux.namespaces[1].path;
}

t.test('oci patch leases, writes the path, and prints lease, path and address', async (t) => {
  const { daemon, folder, file, read } = setUp(t);
  const { status, stdout } = await run(['oci', 'patch', folder, '--id', 'a', '--tenant', 'b'], { daemon });
  t.equal(status, 0);
  t.equal(pathIn(read()), '/run/netnsd/netns/nd-2');
  t.match(stdout, /\nl-2 +\/run\/netnsd\/netns\/nd-2 +10\.213\.0\.2\/16 /);
  t.ok(stdout.endsWith(`\npatched ${file}\n`));
  t.match(daemon.calls.at(-1), ['acquire', { containerId: 'a', tenant: 'b' }]);
});

t.test('oci patch --json prints the lease', async (t) => {
  const { daemon, folder } = setUp(t);
  const { stdout } = await run(['oci', 'patch', folder, '--id', 'a', '--json'], { daemon });
  t.strictSame(JSON.parse(stdout), leaseOf(2, { containerId: 'a' }));
});

t.test('a repeat for the same container says that there is nothing to do', async (t) => {
  const { daemon, folder, file, read } = setUp(t);
  await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  const text = read();
  const { status, stdout } = await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  t.equal(status, 0);
  t.ok(stdout.endsWith(`\n${file} already has the path of this lease\n`));
  t.equal(read(), text);
  t.equal(daemon.activeLeases.length, 1);
});

t.test('a path that is set by anything else is refused, whether or not the daemon answers', async (t) => {
  const { daemon, folder, read } = setUp(t);
  await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  const text = read();
  const other = await run(['oci', 'patch', folder, '--id', 'b'], { daemon });
  t.equal(other.status, 1);
  t.match(
    other.stderr,
    /^netnsd: the network namespace of .* already has a path \(\/run\/netnsd\/netns\/nd-2\): .*\n$/,
  );
  daemon.failures.set('leases', new NetnsdError('daemon_unreachable', 'nothing answers'));
  t.strictSame(await run(['oci', 'patch', folder, '--id', 'b'], { daemon }), other);
  t.equal(read(), text);
  t.equal(daemon.activeLeases.length, 1);
});

t.test('a bundle that cannot be patched is refused before anything is leased', async (t) => {
  const { daemon, folder, file } = setUp(t, '{"linux": {"namespaces": []}}');
  const hostNetwork = await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  t.match(hostNetwork.stderr, /^netnsd: .* shares the host's network: .*\n$/);
  writeFileSync(file, '{');
  const broken = await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  t.match(broken.stderr, /^netnsd: cannot use .* not valid JSON: .*\n$/);
  const missing = await run(['oci', 'patch', join(folder, 'none'), '--id', 'a'], { daemon });
  t.match(missing.stderr, /^netnsd: cannot open the bundle .*\n$/);
  t.strictSame([hostNetwork.status, broken.status, missing.status], [1, 1, 1]);
  t.strictSame(daemon.calls, []);
});

t.test('a lease that was made for a patch that fails is given back', async (t) => {
  const { daemon, folder, file } = setUp(t);
  daemon.onAcquired = () => writeFileSync(file, '{}');
  const { status, stderr } = await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  t.equal(status, 1);
  t.match(stderr, /changed by another process/);
  t.strictSame(daemon.activeLeases, []);
});

t.test('a lease that the container held before stays when the patch fails', async (t) => {
  const { daemon, folder, file } = setUp(t);
  daemon.activeLeases = [leaseOf(9, { containerId: 'a' })];
  daemon.onAcquired = () => writeFileSync(file, '{}');
  t.equal((await run(['oci', 'patch', folder, '--id', 'a'], { daemon })).status, 1);
  t.equal(daemon.activeLeases.length, 1);
});

t.test('a lease that cannot be given back either is named with how to do so', async (t) => {
  const { daemon, folder, file } = setUp(t);
  daemon.onAcquired = () => writeFileSync(file, '{}');
  daemon.failures.set('release', new NetnsdError('daemon_unreachable', 'nothing answers'));
  const { status, stderr } = await run(['oci', 'patch', folder, '--id', 'a'], { daemon });
  t.equal(status, 1);
  t.match(
    stderr,
    /changed by another process.*; lease l-2 could not be released \(nothing answers\): run `netnsd release l-2`\n$/,
  );
});

t.test("oci patch --dns mounts the lease's files, with the spec's host name in them", async (t) => {
  const text = SPEC_TEXT.replace('"linux"', '"hostname": "web",\n\t"linux"');
  const { daemon, folder, read } = setUp(t, text);
  t.equal((await run(['oci', 'patch', folder, '--id', 'a', '--dns'], { daemon })).status, 0);
  t.match(
    daemon.calls.find(([method]) => method === 'dnsFiles'),
    ['dnsFiles', 'l-2', { hostname: 'web' }],
  );
  const sources = (JSON.parse(read()).mounts as { source: string }[]).map(({ source }) => source);
  t.strictSame(sources.slice(-2), [
    '/run/netnsd/dns/0123456789abcdef/hosts',
    '/run/netnsd/dns/0123456789abcdef/resolv.conf',
  ]);
});

t.test('a lease whose files cannot be made is given back', async (t) => {
  const { daemon, folder, read } = setUp(t);
  daemon.failures.set('dnsFiles', new NetnsdError('state_write_failed', 'no space left'));
  const { status, stderr } = await run(['oci', 'patch', folder, '--id', 'a', '--dns'], { daemon });
  t.equal(status, 1);
  t.match(stderr, /no space left/);
  t.strictSame(daemon.activeLeases, []);
  t.equal(read(), SPEC_TEXT);
});
