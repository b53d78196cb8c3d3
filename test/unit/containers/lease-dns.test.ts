import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { leaseBundle } from '../../../src/containers/lease-bundle.js';
import { LeaseDns } from '../../../src/containers/lease-dns.js';
import type { Lease } from '../../../src/pool/index.js';
import { LeaseFiles } from '../../../src/state/index.js';
import { bundleOf, SPEC_TEXT } from '../oci/fixture.js';
import { world } from '../pool/fakes.js';

async function opened(t: Test, options: { mountDns?: boolean; annotation?: string } = {}) {
  const { pools, clock } = world();
  await clock.settle();
  const directory = t.testdir({});
  const mountDns = (name: string) => name === 'default' && options.mountDns === true;
  const log = { warn: () => undefined };
  const dns = new LeaseDns({ pools, files: new LeaseFiles(directory), mountDns, log });
  const spec = JSON.parse(SPEC_TEXT);
  spec.hostname = 'web';
  if (options.annotation !== undefined) spec.annotations = { 'dev.netnsd.dns': options.annotation };
  const bundle = join(t.testdir({ directory: {}, bundle: { 'config.json': JSON.stringify(spec) } }), 'bundle');
  const patch = (more: object = {}) => {
    const request = { bundle, containerId: 'web-1@0123abcd', signal: new AbortController().signal };
    return leaseBundle(pools, { ...request, ...more }, dns);
  };
  const sources = () => {
    const { mounts } = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
    return (mounts as { destination: string; source: string }[])
      .filter(({ destination }) => destination.startsWith('/etc/'))
      .map(({ source }) => source);
  };
  const folder = join(directory, 'dns');
  return { pools, clock, dns, bundle, folder, patch, sources };
}

t.test('a patched bundle mounts the files of its lease, which go with the lease', async (t) => {
  const { pools, folder, patch, sources } = await opened(t, { mountDns: true });
  const { lease } = await patch();
  const hosts = join(folder, lease?.id as string, 'hosts');
  t.strictSame(sources(), [hosts], 'the pool has no servers, so no resolv.conf');
  const address = lease?.addresses[0]?.address.split('/')[0];
  t.match(readFileSync(hosts, 'utf8'), `${address}\tweb web-1\n`, 'the id without what stands for its root');
  pools.release(lease?.id as string);
  t.strictSame(readdirSync(folder), []);
});

t.test('annotation, request and pool decide in this order', async (t) => {
  const cases: [boolean, object, { mountDns?: boolean; annotation?: string }][] = [
    [false, {}, {}],
    [true, {}, { mountDns: true }],
    [true, { dns: true }, {}],
    [false, { dns: false }, { mountDns: true }],
    [true, { dns: false }, { annotation: 'true' }],
    [false, { dns: true }, { mountDns: true, annotation: 'false' }],
  ];
  for (const [mounted, request, options] of cases) {
    const { folder, patch, sources } = await opened(t, options);
    await patch(request);
    t.equal(sources().length > 0, mounted, JSON.stringify({ request, options }));
    t.equal(existsSync(folder), mounted);
  }
});

t.test('the settings of the lease are its resolv.conf', async (t) => {
  const { pools, dns } = await opened(t);
  const [lease] = (await pools.acquire({})) as [Lease];
  Object.assign(lease.dns, { servers: ['10.0.0.53'] });
  const { resolvConf, hosts } = dns.write(lease.id);
  t.equal(readFileSync(resolvConf as string, 'utf8'), 'nameserver 10.0.0.53\n');
  t.equal(readFileSync(hosts, 'utf8').split('\n').length, 3, 'a lease without a container has no name');
  t.throws(() => dns.write('none'), { code: 'lease_not_found' });
});

t.test('a bundle that cannot be written leaves no files behind', async (t) => {
  const { pools, folder, patch, bundle } = await opened(t, { mountDns: true });
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  const broken = bundleOf(t, JSON.stringify({ ...spec, mounts: { no: 'array' } }));
  await t.rejects(patch({ bundle: broken }), { code: 'bundle_invalid' });
  t.same(pools.leases({}), []);
  t.strictSame(readdirSync(folder), []);
});
