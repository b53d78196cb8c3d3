import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { leaseBundle } from '../../../src/containers/lease-bundle.js';
import { bundleOf, SPEC_TEXT } from '../oci/fixture.js';
import { type Sizes, world } from '../pool/fakes.js';

interface Spec {
  annotations?: Record<string, string>;
  linux: { namespaces: { type: string; path?: string }[] };
}

async function opened(t: Test, options: { spec?: (spec: Spec) => void; pools?: Sizes[] } = {}) {
  const { pools, clock } = world({ pools: options.pools ?? [{}] });
  await clock.settle();
  const spec = JSON.parse(SPEC_TEXT) as Spec;
  options.spec?.(spec);
  const bundle = bundleOf(t, options.spec === undefined ? SPEC_TEXT : JSON.stringify(spec, null, 2));
  const read = () => JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as Spec;
  const lease = (containerId = 'c1', more: object = {}) =>
    leaseBundle(pools, { bundle, containerId, signal: new AbortController().signal, ...more });
  const path = () => read().linux.namespaces.find(({ type }) => type === 'network')?.path;
  return { pools, clock, bundle, read, lease, path };
}

t.test('a bundle gets the path of its lease, and annotations that tell of it', async (t) => {
  const { pools, lease, path, read } = await opened(t);
  const patched = await lease();
  const [held] = pools.leases({ containerId: 'c1' });
  t.match(patched, { action: 'patched', existing: false, lease: { id: held?.id } });
  t.equal(path(), held?.netns.path);
  t.same(read().annotations, { 'dev.netnsd.lease': held?.id, 'dev.netnsd.address': held?.addresses[0]?.address });
});

t.test('a bundle with a user namespace is refused, unless it is skipped or has a path of its own', async (t) => {
  const user = { type: 'user' };
  const { pools, lease } = await opened(t, { spec: ({ linux }) => void linux.namespaces.push(user) });
  await t.rejects(lease(), { code: 'bundle_invalid', message: /has a user namespace, .*`netnsd oci hooks`/ });
  t.same(pools.leases({}), []);
  const again = await opened(t, {
    spec(spec) {
      spec.linux.namespaces = [user, { type: 'network', path: '/old' }];
      spec.annotations = { 'dev.netnsd.lease': '0123456789abcdef' };
    },
  });
  await t.rejects(again.lease(), { code: 'bundle_invalid' }, 'also one that was patched before');
  const own = await opened(t, {
    spec({ linux }) {
      linux.namespaces = [user, { type: 'network', path: '/p' }];
    },
  });
  t.match(await own.lease(), { action: 'passthrough' });
  const skipped = await opened(t, {
    spec(spec) {
      spec.linux.namespaces.push(user);
      spec.annotations = { 'dev.netnsd.skip': 'true' };
    },
  });
  t.match(await skipped.lease(), { action: 'passthrough' });
});

t.test('the same request again gets the lease that stands, and says so', async (t) => {
  const { pools, lease, path } = await opened(t);
  const first = await lease();
  const before = path();
  const again = await lease();
  t.match(again, { action: 'patched', existing: true, lease: { id: first.lease?.id } });
  t.equal(path(), before);
  t.equal(pools.leases({}).length, 1);
});

t.test('a path that an earlier patch left in a bundle is replaced', async (t) => {
  const { pools, clock, lease, path, read } = await opened(t);
  const first = await lease();
  pools.release(first.lease?.id as string);
  await clock.advance(1000);
  const second = await lease('c2');
  t.match(second, { action: 'patched', existing: false });
  t.not(second.lease?.id, first.lease?.id);
  t.equal(path(), second.lease?.netns.path);
  t.equal(read().annotations?.['dev.netnsd.lease'], second.lease?.id);
});

t.test("another container does not get the first one's path out of a bundle that both use", async (t) => {
  const { lease } = await opened(t);
  const first = await lease('c1');
  const second = await lease('c2');
  t.equal(second.action, 'patched');
  t.not(second.lease?.netns.path, first.lease?.netns.path);
});

t.test('a foreign path, the network of the host and a wish to be skipped pass through', async (t) => {
  const network = (spec: Spec) => spec.linux.namespaces.find(({ type }) => type === 'network') as { path?: string };
  const cases: [RegExp, (spec: Spec) => void][] = [
    [/already has a path: \/run\/netns\/mine/, (spec) => Object.assign(network(spec), { path: '/run/netns/mine' })],
    [/shares the host's network/, (spec) => spec.linux.namespaces.pop()],
    [/dev\.netnsd\.skip/, (spec) => Object.assign(spec, { annotations: { 'dev.netnsd.skip': 'true' } })],
    [/dev\.netnsd\.skip/, (spec) => Object.assign(spec, { annotations: { 'dev.netnsd.skip': '1' } })],
  ];
  for (const [reason, change] of cases) {
    const { pools, bundle, lease } = await opened(t, { spec: change });
    const before = readFileSync(join(bundle, 'config.json'), 'utf8');
    t.match(await lease(), { action: 'passthrough', reason });
    t.equal(readFileSync(join(bundle, 'config.json'), 'utf8'), before);
    t.same(pools.leases({}), []);
  }
});

t.test("the spec's own annotations go before what the request asks for", async (t) => {
  const annotations = { 'dev.netnsd.pool': 'batch', 'dev.netnsd.tenant': 'blue' };
  const spec = (spec: Spec) => Object.assign(spec, { annotations });
  const { lease, read } = await opened(t, { spec, pools: [{}, { name: 'batch' }] });
  const patched = await lease('c1', { pool: 'default', tenant: 'red' });
  t.match(patched.lease, { pool: 'batch', tenant: 'blue' });
  t.match(read().annotations, annotations);
});

t.test('a bundle that cannot be patched leaves nothing leased, but what stood before', async (t) => {
  const { pools, bundle, lease } = await opened(t);
  writeFileSync(join(bundle, 'config.json'), '{"linux": {"namespaces": [{"type": "network"}');
  await t.rejects(lease(), { code: 'bundle_invalid' });
  t.same(pools.leases({}), []);
  await t.rejects(leaseBundle(pools, { bundle: '/nowhere', containerId: 'c1', signal: new AbortController().signal }), {
    code: 'bundle_invalid',
  });
});

t.test("a client other than root has no bundle patched but its own, and holds nothing of another's", async (t) => {
  const { pools, lease, path } = await opened(t);
  const own = process.geteuid?.() ?? 0;
  process.geteuid = () => own + 2;
  t.teardown(() => {
    process.geteuid = () => own;
  });
  await t.rejects(lease('c1', { peer: { uid: own + 1 } }), {
    code: 'bundle_invalid',
    message: new RegExp(`must belong to the client, user ${own + 1}`),
  });
  t.equal(path(), undefined);
  t.same(pools.leases(), []);
  t.match(await lease('c1', { peer: { uid: own } }), { action: 'patched' }, 'its owner');
  t.match(await lease('c2', { peer: { uid: 0 } }), { action: 'patched' }, 'root');
});
