import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Asked } from './fake-daemon.js';
import { type Ended, frontProgram } from './program.js';
import type { Stage } from './stage.js';

export const TOP = fileURLToPath(new URL('../../../', import.meta.url));
export const MAIN = join(TOP, 'dist/src/main.js');
export const front = frontProgram({ sanitized: true });

/** A lease as the daemon's API gives it. */
export function leaseOf(id: string, more: object = {}) {
  return {
    id,
    pool: 'default',
    containerId: null,
    tenant: 'default',
    trust: 'unknown',
    source: 'cold',
    acquiredAt: '2026-01-02T03:04:05.006Z',
    expiresAt: null,
    netns: { path: `/run/netnsd/netns/${id}`, inode: 4026532287 },
    interface: { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500, hostName: 'nd-1' },
    addresses: [
      { address: '10.213.0.12/16', gateway: '10.213.0.1' },
      { address: 'fd00::2/64', gateway: 'fd00::1' },
    ],
    routes: [],
    publishedPorts: [],
    dns: { servers: ['9.9.9.9'], search: [], options: [] },
    ...more,
  };
}

/** Answers as the daemon does; what it is asked for decides. */
export function answer({ method, url, body }: Asked): Answer {
  const { pool, count, containerId, ttl } = (body ?? {}) as Record<string, never>;
  const problem = (status: number, code: string, detail: string) => ({ status, body: { code, detail, status } });
  if (pool === 'none') return problem(404, 'pool_not_found', 'no pool is named "none"; the pools are: default');
  if (pool === 'bad') return problem(400, 'bad_request', 'body/wait must be <= 3600,\n  which \u001b[31mit is not');
  if (pool === 'odd') return problem(503, 'a_code_of_tomorrow', 'tomorrow’s error');
  if (pool === 'mute') return { status: 500, body: {} };
  if (method === 'POST' && count !== undefined)
    return { status: 201, body: { leases: ids(count).map((id) => leaseOf(id)) } };
  if (method === 'POST')
    return { status: 201, body: leaseOf('5f3a9c0d1e2b4a68', { containerId: containerId ?? null }) };
  if (method === 'PATCH' && url.endsWith('/gone')) return problem(404, 'lease_not_found', 'there is no lease gone');
  if (method === 'PATCH') return { status: 200, body: leaseOf('a', { expiresAt: `after ${ttl} s` }) };
  if (method === 'GET' && url.endsWith('/gone')) return problem(404, 'lease_not_found', 'there is no lease gone');
  if (method === 'GET' && url.endsWith('/odd')) return problem(503, 'a_code_of_tomorrow', 'tomorrow’s error');
  if (method === 'DELETE' && url.includes('used')) return problem(409, 'lease_in_use', 'process 7 is inside');
  if (method === 'DELETE') return { status: 204 };
  const held = new URL(url, 'http://x').searchParams.get('containerId');
  return {
    status: 200,
    body: { leases: held === 'two' ? [leaseOf('a1'), leaseOf('used')] : held === 'one' ? [leaseOf('a1')] : [] },
  };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);
export const environment = (stage: Stage) => ({
  PATH: process.env['PATH'],
  HOME: stage.folder,
  NETNSD_SOCKET: stage.socket,
  ASAN_OPTIONS: 'detect_leaks=0',
});

export const said = ({ status, stdout, stderr }: Ended) => ({
  status,
  stdout: stdout.replace(/ in (\d+ µs|\d+\.\d ms)/, ' in N µs'),
  stderr,
});
