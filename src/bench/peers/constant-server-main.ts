/** See `openConstantServer`: listens on the socket that the first argument names, until it is killed. */
import fastify from 'fastify';

const FACTS = {
  netns: { path: '/run/netnsd/netns/default-1.1795848551000001', inode: 4026532319 },
  interface: { name: 'eth0', mac: '0a:58:0a:d5:00:03', mtu: 1500, hostName: 'nddf5c-2' },
  addresses: [{ address: '10.213.0.3/16', gateway: '10.213.0.1' }],
  routes: [{ destination: '0.0.0.0/0', gateway: '10.213.0.1' }],
  publishedPorts: [],
  dns: { servers: [], search: [], options: [] },
};
const TERMS = {
  id: '2960c7a56534a1e0',
  pool: 'default',
  containerId: null,
  tenant: 'default',
  trust: 'unknown',
  source: 'warm',
  acquiredAt: '2026-11-23T06:31:24.770Z',
  expiresAt: null,
};
const BODY = JSON.stringify({ ...TERMS, ...FACTS });

const server = fastify();
server.get('/healthz', async (_request, reply) => reply.type('application/json').send('{"status":"ok"}'));
server.post('/v1/leases', async (_request, reply) => reply.code(201).type('application/json').send(BODY));
server.delete('/v1/leases/:id', async (_request, reply) => reply.code(204).send());
await server.listen({ path: process.argv[2] ?? '', backlog: 4096 });
