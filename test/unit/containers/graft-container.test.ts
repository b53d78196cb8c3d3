import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ContainerGrafts } from '../../../src/containers/graft-container.js';
import type { EndpointName } from '../../../src/endpoint/types.js';
import { NetnsdError } from '../../../src/errors.js';
import type { Pools } from '../../../src/pool/index.js';
import { bundleOf, SPEC_TEXT } from '../oci/fixture.js';
import { type Sizes, world } from '../pool/fakes.js';

interface Spec {
  annotations?: Record<string, string>;
  linux: { namespaces: { type: string; path?: string }[] };
}

const HERE = statSync('/proc/self/ns/net').ino;

async function process_(t: Test): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

/** Grafts into the namespace of this very process, which counts as foreign: `ownInode` says otherwise. */
async function opened(t: Test, options: { spec?: (spec: Spec) => void; pools?: Sizes[]; ownInode?: number } = {}) {
  const { pools, clock, records } = world({ pools: options.pools ?? [{}] });
  await clock.settle();
  const spec = JSON.parse(SPEC_TEXT) as Spec;
  options.spec?.(spec);
  const bundle = bundleOf(t, JSON.stringify(spec));
  const moved: { name: EndpointName; recorded: unknown }[] = [];
  const kernel = { fail: undefined as NetnsdError | undefined, hold: Promise.resolve() };
  const users = new Map<number, number[]>();
  const grafts = new ContainerGrafts({
    pools,
    users: () => users,
    ownInode: options.ownInode ?? 0,
    graft: async (name) => {
      moved.push({ name, recorded: records.onDisk.get(name.id)?.lease?.graft });
      await kernel.hold;
      if (kernel.fail !== undefined) throw kernel.fail;
    },
  });
  const { pid } = await process_(t);
  const request = { bundle, containerId: 'c1', pid, signal: new AbortController().signal };
  const graft = (more: object = {}) => grafts.graft({ ...request, ...more });
  return { pools, moved, kernel, users, grafts, request, graft, pid };
}

const leasesOf = (pools: Pools) => pools.leases({});

t.test('a container gets a lease whose record names its namespace before anything is moved', async (t) => {
  const { pools, moved, graft, pid } = await opened(t);
  const grafted = await graft();
  const [lease] = leasesOf(pools);
  t.match(grafted, { action: 'grafted', existing: false, lease: { id: lease?.id, graft: { inode: HERE, pid } } });
  t.match(moved, [{ name: { pool: 'default' }, recorded: { inode: HERE, pid } }]);
});

t.test('the same container again gets the lease that stands, also while the first request is under way', async (t) => {
  const { pools, graft, moved } = await opened(t);
  const [first, second] = await Promise.all([graft(), graft()]);
  t.strictSame([first?.existing, second?.existing], [false, true]);
  const third = await graft();
  t.strictSame([third.existing, third.lease?.id], [true, first?.lease?.id]);
  t.equal(leasesOf(pools).length, 1);
  t.equal(new Set(moved.map(({ name }) => name.id)).size, 1);
});

t.test('a graft that fails leaves nothing leased, and its error is told', async (t) => {
  const { pools, graft, kernel } = await opened(t);
  kernel.fail = new NetnsdError('graft_failed', 'at step route');
  await t.rejects(graft(), { code: 'graft_failed' });
  t.same(leasesOf(pools), []);
  kernel.fail = undefined;
  t.equal((await graft()).action, 'grafted', 'the next try is a new one');
});

t.test('a spec that has a foreign network, or wants none, passes through', async (t) => {
  const network = (spec: Spec) => spec.linux.namespaces.find(({ type }) => type === 'network') as { path?: string };
  const cases: [RegExp, (spec: Spec) => void][] = [
    [/has a path: \/run\/netns\/mine/, (spec) => Object.assign(network(spec), { path: '/run/netns/mine' })],
    [/shares the host's network/, (spec) => spec.linux.namespaces.pop()],
    [/dev\.netnsd\.skip/, (spec) => Object.assign(spec, { annotations: { 'dev.netnsd.skip': 'true' } })],
  ];
  for (const [reason, spec] of cases) {
    const { pools, graft, moved } = await opened(t, { spec });
    t.match(await graft(), { action: 'passthrough', reason });
    t.same([leasesOf(pools), moved], [[], []]);
  }
});

t.test("the spec's annotations go before what the request asks for", async (t) => {
  const annotations = { 'dev.netnsd.pool': 'batch', 'dev.netnsd.tenant': 'blue' };
  const { graft } = await opened(t, {
    spec: (spec) => Object.assign(spec, { annotations }),
    pools: [{}, { name: 'batch' }],
  });
  t.match((await graft({ pool: 'default', tenant: 'red' })).lease, { pool: 'batch', tenant: 'blue' });
});

t.test(
  "a process that has ended, and one in the host's namespace, are refused before anything is leased",
  async (t) => {
    const gone = await opened(t);
    await t.rejects(gone.graft({ pid: 4_194_304 }), { code: 'graft_refused', message: /it has ended/ });
    const host = await opened(t, { ownInode: HERE });
    await t.rejects(host.graft(), { code: 'graft_refused', message: /host's own network namespace/ });
    for (const { pools, moved } of [gone, host]) t.same([leasesOf(pools), moved], [[], []]);
  },
);

t.test('a process that was started after the request is not the one that was meant', async (t) => {
  const { pools, grafts, request, kernel, moved } = await opened(t);
  let proceed = (): void => {};
  kernel.hold = new Promise((resolve) => {
    proceed = resolve;
  });
  const first = grafts.graft(request);
  // Waits for the first; its process is looked at when its turn comes. By then the number belongs to a younger one.
  const waiting = { ...request };
  const second = grafts.graft(waiting);
  await new Promise((resolve) => setTimeout(resolve, 30));
  waiting.pid = (await process_(t)).pid;
  proceed();
  await first;
  await t.rejects(second, { code: 'graft_refused', message: /another process has its pid/ });
  t.equal(moved.length, 1);
  t.equal(leasesOf(pools).length, 1);
});

t.test('a process in the namespace of a lease is left there', async (t) => {
  const { pools, graft } = await opened(t);
  const [other] = await pools.acquire({ containerId: 'patched' });
  Object.assign(other?.netns as object, { inode: HERE });
  await t.rejects(graft(), { code: 'graft_refused', message: new RegExp(`namespace of lease ${other?.id}`) });
  t.same(leasesOf(pools), [other]);
});

t.test('a lease of an earlier container of this id ends, unless that one still runs', async (t) => {
  const { pools, graft, users } = await opened(t);
  const first = (await graft()).lease?.id as string;
  pools.markGrafted(first, { inode: 4_000_000_000, pid: 77 });
  users.set(4_000_000_000, [77]);
  await t.rejects(graft(), { code: 'lease_conflict', message: /where process 77 still runs/ });
  t.match(
    leasesOf(pools).map(({ id }) => id),
    [first],
  );

  users.clear();
  t.match(await graft(), { action: 'grafted', existing: false });
  t.equal(pools.lease(first), undefined);
  t.equal(leasesOf(pools).length, 1);
});
