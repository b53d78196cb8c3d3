import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { makeApi } from './serve.js';

t.test('while the daemon starts, status and health are answered and all other requests wait', async (t) => {
  let start = (): void => undefined;
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const { app, service } = await makeApi(t, { started });
  t.match((await app.inject('/v1/status')).json(), { starting: true, pools: [], pid: process.pid });
  t.strictSame((await app.inject('/healthz')).json(), { status: 'ok' });

  let answered = 0;
  const others = ['/v1/pools', '/v1/leases', '/metrics', '/no-such-route'].map(async (url) => {
    const { statusCode } = await app.inject(url);
    answered += 1;
    return statusCode;
  });
  const acquired = app.inject({ method: 'POST', url: '/v1/leases', payload: {} });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  t.equal(answered, 0, 'none is refused and none is answered');
  t.equal(service.leases({}).length, 0, 'nothing is leased');

  start();
  t.strictSame(await Promise.all(others), [200, 200, 200, 404]);
  t.equal((await acquired).statusCode, 201);
  const status = (await app.inject('/v1/status')).json();
  t.equal(status.starting, false);
  t.strictSame(status.pools, service.status());
});
