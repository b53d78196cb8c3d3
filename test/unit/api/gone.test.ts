import type { Server } from 'node:http';
import t from 'tap';
import { eventually, RawClient, servedWorld, turn } from './fixture.js';

t.test('a client that leaves while it waits leaves nothing behind, and the endpoint goes to the next', async (t) => {
  const { pools, clock, path, app } = await servedWorld(t, { pools: [{ minReady: 1, max: 1 }] });
  const [held] = await pools.acquire({});
  await clock.settle();
  t.equal(clock.pending, 0);
  const patient = await RawClient.open(t, path);
  patient.post('/v1/leases', { wait: 60, containerId: 'gone' });
  await eventually(() => clock.pending > 0);
  const next = await RawClient.open(t, path);
  next.post('/v1/leases', { wait: 60, containerId: 'stays' });
  await turn();
  patient.socket.destroy();
  await settled(app.server, 1);
  pools.release(held?.id as string);
  await eventually(
    () => next.received.includes('"stays"'),
    () => clock.settle(),
  );
  t.same(
    pools.leases().map(({ containerId }) => containerId),
    ['stays'],
  );
});

t.test('a client that is gone when its answer is written gives its lease back', async (t) => {
  const { pools, clock, path } = await servedWorld(t);
  let events: string[] = [];
  pools.subscribe(({ type, containerId }) => events.push(`${type} ${containerId}`));
  for (const payload of [{ containerId: 'c1' }, { count: 2 }]) {
    events = [];
    const client = await RawClient.open(t, path);
    // Both happen before the daemon, which is this very process, comes to read: it writes into a closed connection.
    client.post('/v1/leases', payload);
    client.socket.destroy();
    await eventually(() => events.some((event) => event.startsWith('released')));
    t.same(pools.leases(), [], JSON.stringify(payload));
    await clock.settle();
  }
  t.match(pools.poolStatus('default'), { leased: 0, released: 3 });
});

t.test('a client that pipelines and goes keeps what it was told of, and nothing else', async (t) => {
  const { pools, clock, path, app } = await servedWorld(t, {
    pools: [{ minReady: 3, max: 3, capacity: 3 }, { name: 'other' }],
  });
  const [held] = await pools.acquire({});
  await clock.settle();
  const client = await RawClient.open(t, path);
  client.post('/v1/leases', { containerId: 'told' });
  await client.until((text) => text.includes('"told"'));
  client.post('/v1/leases', { count: 2, wait: 60 });
  client.post('/v1/leases', { containerId: 'behind', pool: 'other' });
  await eventually(() => pools.poolStatus('other')?.leased === 1);
  client.socket.destroy();
  await settled(app.server);
  pools.release(held?.id as string);
  await clock.settle();
  t.same(
    pools.leases().map(({ containerId }) => containerId),
    ['told'],
  );
});

t.test('a client that goes in the middle of a long answer gives its leases back', async (t) => {
  const { pools, path } = await servedWorld(t, {
    pools: [{ minReady: 3000, max: 3000, capacity: 3000, buildBatch: 3000 }],
  });
  t.match(pools.poolStatus('default'), { ready: 3000 });
  const client = await RawClient.open(t, path);
  client.socket.pause();
  client.post('/v1/leases', { count: 3000 });
  await eventually(() => pools.leases().length === 3000);
  client.socket.destroy();
  await eventually(() => pools.leases().length === 0);
  t.match(pools.poolStatus('default'), { leased: 0, released: 3000 });
});

t.test('a lease that stood before stays, whatever becomes of the answers that repeat it', async (t) => {
  const { pools, path, app } = await servedWorld(t);
  const payload = { containerId: 'c1' };
  const { id } = (await app.inject({ method: 'POST', url: '/v1/leases', payload })).json();
  for (let times = 0; times < 3; times += 1) {
    const client = await RawClient.open(t, path);
    client.post('/v1/leases', payload);
    client.socket.destroy();
    await client.closed;
    await settled(app.server);
  }
  t.equal(pools.lease(id)?.id, id);
});

t.test('a lease that two clients are being told of stays while either of them knows of it', async (t) => {
  const { pools, clock, path, app } = await servedWorld(t, { pools: [{ minReady: 1, max: 1 }] });
  const [held] = await pools.acquire({});
  await clock.settle();
  t.equal(clock.pending, 0);
  const [first, second] = [await RawClient.open(t, path), await RawClient.open(t, path)];
  for (const client of [first, second]) client.post('/v1/leases', { containerId: 'c1', wait: 60 });
  await eventually(() => clock.pending >= 2);
  pools.release(held?.id as string);
  // The first one goes when the lease is made for both, and before the daemon can have seen that it did.
  pools.subscribe(({ type }) => {
    if (type === 'leased') first.socket.destroy();
  });
  await eventually(
    () => second.received.includes('"c1"'),
    () => clock.settle(),
  );
  await settled(app.server, 1);
  t.match(pools.leases(), [{ containerId: 'c1' }]);
});

t.test('a lease that one client is yet to be told of stays when the answer to another is lost', async (t) => {
  const { pools, clock, path, app } = await servedWorld(t, { pools: [{ minReady: 1, max: 1 }, { name: 'other' }] });
  const [held] = await pools.acquire({});
  await clock.settle();
  const patient = await RawClient.open(t, path);
  // The second answer waits behind the first, which waits for an endpoint.
  patient.post('/v1/leases', { wait: 60 });
  patient.post('/v1/leases', { containerId: 'c1', pool: 'other' });
  await eventually(() => pools.poolStatus('other')?.leased === 1);
  const hasty = await RawClient.open(t, path);
  hasty.post('/v1/leases', { containerId: 'c1', pool: 'other' });
  hasty.socket.destroy();
  await hasty.closed;
  await settled(app.server, 1);
  t.match(pools.leases({ pool: 'other' }), [{ containerId: 'c1' }]);
  pools.release(held?.id as string);
  await eventually(
    () => patient.received.includes('"c1"'),
    () => clock.settle(),
  );
  patient.socket.destroy();
  await settled(app.server);
  t.equal(pools.leases().length, 2, 'and what was told stands when the connection ends');
});

t.test('what an earlier daemon leased counts as delivered', async (t) => {
  const before = await servedWorld(t);
  await before.pools.acquire({ containerId: 'old' });
  const adopted = [...before.records.onDisk.values()].filter(({ state }) => state === 'leased');
  const { pools, path, app } = await servedWorld(t, { adopted });
  t.match(pools.leases(), [{ containerId: 'old' }]);
  const client = await RawClient.open(t, path);
  client.post('/v1/leases', { containerId: 'old' });
  client.socket.destroy();
  await client.closed;
  await settled(app.server);
  t.match(pools.leases(), [{ containerId: 'old' }]);
});

t.test('a patch whose client has gone gives back the lease that it made, and only such a one', async (t) => {
  let signal: AbortSignal | undefined;
  let act = async (): Promise<void> => undefined;
  const { pools, path, app } = await servedWorld(t, {
    patchBundle: async (request) => {
      signal = request.signal;
      await act();
      const [lease] = await pools.acquire({ containerId: request.containerId });
      return lease === undefined ? { action: 'passthrough' } : { action: 'patched', lease };
    },
  });
  const body = { bundle: '/b', containerId: 'c1' };
  const patchAndGo = async () => {
    const client = await RawClient.open(t, path);
    client.post('/v1/oci/patch', body);
    client.socket.destroy();
    await client.closed;
    await settled(app.server);
  };
  await patchAndGo();
  t.same(pools.leases(), [], 'gone when the answer was written');
  act = () => eventually(() => signal?.aborted === true);
  await patchAndGo();
  await eventually(() => pools.poolStatus('default')?.released === 2);
  t.same(pools.leases(), [], 'gone before there was a lease');
  act = async () => undefined;
  t.match((await app.inject({ method: 'POST', url: '/v1/oci/patch', payload: body })).json(), { action: 'patched' });
  await patchAndGo();
  t.match(pools.leases(), [{ containerId: 'c1' }], 'told before');
});

/** Resolves when the server has no more than `open` connections. */
async function settled(server: Server, open = 0): Promise<void> {
  let connections = Number.POSITIVE_INFINITY;
  await eventually(
    () => connections <= open,
    async () => {
      await turn();
      connections = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    },
  );
}
