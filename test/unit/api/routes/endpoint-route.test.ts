import t from 'tap';
import type { EndpointStatus } from '../../../../src/pool/events/endpoint-status.js';
import { makeLease } from '../fake-service.js';
import { makeApi } from '../serve.js';

const time = '2026-01-02T03:04:05.000Z';
const GONE: EndpointStatus = {
  id: 'default-17',
  pool: 'default',
  state: 'gone',
  tenant: null,
  lease: null,
  reason: 'links: MTU changed',
  replaced: { time, kind: 'links', text: 'MTU changed' },
  events: [
    {
      time,
      type: 'destroyed',
      pool: 'default',
      endpoint: 'default-17',
      lease: null,
      containerId: null,
      reason: 'links: MTU changed',
    },
  ],
};

t.test('an endpoint that was replaced tells why', async (t) => {
  const { app, service } = await makeApi(t);
  service.endpoints.set('default-17', GONE);
  const reply = await app.inject('/v1/endpoints/default-17');
  t.equal(reply.statusCode, 200);
  t.strictSame(reply.json(), GONE);
});

t.test('an endpoint that is there tells where and whose it is', async (t) => {
  const { app, service } = await makeApi(t);
  const { id, netns, interface: link, addresses } = makeLease(3);
  const { replaced: _, ...rest } = GONE;
  const leased: EndpointStatus = { ...rest, state: 'leased', tenant: 'acme', lease: id, reason: null, events: [] };
  service.endpoints.set('default-3', { ...leased, netns, interface: link, addresses });
  t.strictSame((await app.inject('/v1/endpoints/default-3')).json(), service.endpoint('default-3'));
});

t.test('one of which nothing is known is a problem of its own', async (t) => {
  const { app } = await makeApi(t);
  const reply = await app.inject('/v1/endpoints/default-99');
  t.equal(reply.statusCode, 404);
  t.match(reply.json(), { code: 'endpoint_not_found', detail: /"default-99"/ });
});
