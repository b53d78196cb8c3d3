import t from 'tap';
import { makeLease } from './fake-service.js';
import { dial, post, serveApi, until } from './serve.js';

t.test('a client that leaves while it waits aborts its wait and holds nothing', async (t) => {
  const { path, service } = await serveApi(t);
  service.hold();
  const { socket } = await dial(t, path);
  socket.write(post('/v1/leases', { wait: 60 }));
  await until('the acquire is under way', () => service.requests.length === 1);
  t.equal(service.requests[0]?.signal?.aborted, false);
  socket.destroy();
  await until('the wait is aborted', () => service.requests[0]?.signal?.aborted === true);
  service.open();
  t.equal(service.activeLeases.size, 0);
});

t.test('what is leased although its client has gone goes back', async (t) => {
  const { path, service } = await serveApi(t);
  const lease = makeLease(1);
  let grant: () => void = () => {};
  // A service that looks at the signal too late.
  service.acquire = async (request) => {
    service.requests.push(request);
    await new Promise<void>((resolve) => {
      grant = resolve;
    });
    return [lease, makeLease(2)];
  };
  const { socket } = await dial(t, path);
  socket.write(post('/v1/leases', { count: 2, wait: 60 }));
  await until('the acquire is under way', () => service.requests.length === 1);
  socket.destroy();
  await until('the client has gone', () => service.requests[0]?.signal?.aborted === true);
  grant();
  await until('both went back', () => service.released.length === 2);
  t.strictSame(service.released, [lease.id, makeLease(2).id]);
});

t.test('an answer that could not be written gives its lease back', async (t) => {
  const { path, service } = await serveApi(t);
  const { socket } = await dial(t, path);
  // Sent and gone before the server looks: it reads a whole request and finds out only when it writes.
  socket.write(post('/v1/leases', {}));
  socket.destroy();
  await until('the request was served', () => service.requests.length === 1);
  await until('the lease went back', () => service.released.length === 1);
  t.equal(service.activeLeases.size, 0);
});

t.test('an answer that was read keeps its lease when the connection ends', async (t) => {
  const { path, service } = await serveApi(t);
  const { socket, heard } = await dial(t, path);
  for (const [i, body] of [{}, { containerId: 'job-1' }, { count: 2 }].entries()) {
    socket.write(post('/v1/leases', body));
    await until('the answer came', () => heard().split('HTTP/1.1 201').length === i + 2);
  }
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.strictSame(service.released, []);
  t.equal(service.activeLeases.size, 4);
});

t.test("a container's standing lease is not given back for a second client that left", async (t) => {
  const { path, service } = await serveApi(t);
  const first = await dial(t, path);
  first.socket.write(post('/v1/leases', { containerId: 'job-1' }));
  await until('the lease stands', () => first.heard().includes('201 Created'));
  const second = await dial(t, path);
  second.socket.write(post('/v1/leases', { containerId: 'job-1' }));
  second.socket.destroy();
  await until('the second was served', () => service.requests[1]?.signal?.aborted === true);
  t.strictSame(service.released, []);
});

t.test('of two who wait for one container, one may leave without taking the lease of the other', async (t) => {
  const { path, service } = await serveApi(t);
  const lease = makeLease(1, { containerId: 'job-1', acquiredAt: new Date(Date.now() + 1000).toISOString() });
  const grants: (() => void)[] = [];
  service.acquire = () => new Promise((resolve) => grants.push(() => resolve([lease])));
  const leaver = await dial(t, path);
  const stayer = await dial(t, path);
  leaver.socket.write(post('/v1/leases', { containerId: 'job-1', wait: 9 }));
  await until('the first waits', () => grants.length === 1);
  stayer.socket.write(post('/v1/leases', { containerId: 'job-1', wait: 9 }));
  await until('both wait', () => grants.length === 2);
  grants[1]?.();
  await until('one was answered', () => stayer.heard().includes(lease.id));
  leaver.socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  grants[0]?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.strictSame(service.released, []);
});

t.test('a patched bundle whose client has gone gives its lease back', async (t) => {
  const lease = makeLease(1, { containerId: 'job-1', acquiredAt: new Date(Date.now() + 1000).toISOString() });
  let grant: () => void = () => {};
  const signals: AbortSignal[] = [];
  const { path, service } = await serveApi(t, {
    patchBundle: async ({ signal }) => {
      signals.push(signal);
      await new Promise<void>((resolve) => {
        grant = resolve;
      });
      return { action: 'patched', lease };
    },
  });
  const { socket } = await dial(t, path);
  socket.write(post('/v1/oci/patch', { bundle: '/a', containerId: 'job-1' }));
  await until('the patch is under way', () => signals.length === 1);
  socket.destroy();
  await until('the signal came', () => signals[0]?.aborted === true);
  grant();
  await until('the lease went back', () => service.released.length === 1);
  t.strictSame(service.released, [lease.id]);
});
