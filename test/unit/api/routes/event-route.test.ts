import t from 'tap';
import { dial, serveApi, until } from '../serve.js';

const ASK = 'GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n';

t.test('events come as they happen, with a sign of life between them', async (t) => {
  const { path, service } = await serveApi(t, { heartbeatMs: 20 });
  const { socket, heard } = await dial(t, path);
  socket.write(ASK);
  await until('the stream is open', () => service.listeners.size === 1);
  service.emit({ type: 'leased', lease: 'f00', containerId: 'job-1' });
  await until('the event came', () => heard().includes('event: leased\ndata: {'));
  t.match(heard(), /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/i);
  const data = JSON.parse(/data: (.*)\n/.exec(heard())?.[1] ?? '');
  t.match(data, { type: 'leased', pool: 'default', lease: 'f00', containerId: 'job-1', reason: null });
  await until('the sign of life', () => heard().includes(': keep-alive\n\n'));
});

t.test('a reader that leaves costs nothing from then on', async (t) => {
  const { path, service } = await serveApi(t);
  const { socket } = await dial(t, path);
  socket.write(ASK);
  await until('the stream is open', () => service.listeners.size === 1);
  socket.destroy();
  await until('it is forgotten', () => service.listeners.size === 0);
});

t.test('a reader that does not read is dropped, and the others go on', async (t) => {
  const { path, service } = await serveApi(t);
  const slow = await dial(t, path);
  slow.socket.pause();
  slow.socket.write(ASK);
  await until('the first stream is open', () => service.listeners.size === 1);
  const reader = await dial(t, path);
  reader.socket.write(ASK);
  await until('both streams are open', () => service.listeners.size === 2);
  const reason = 'x'.repeat(10_000);
  for (let i = 0; i < 1000 && service.listeners.size === 2; i += 1) {
    service.emit({ reason });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('one is dropped', () => service.listeners.size === 1);
  service.emit({ reason: 'the last one' });
  await until('the other hears on', () => reader.heard().includes('the last one'));
});

t.test('closing ends the streams', async (t) => {
  const { app, path, service } = await serveApi(t);
  const { socket } = await dial(t, path);
  socket.write(ASK);
  await until('the stream is open', () => service.listeners.size === 1);
  await app.close();
  await until('the reader sees the end', () => socket.destroyed || socket.readableEnded);
  t.equal(service.listeners.size, 0);
});
