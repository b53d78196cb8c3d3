import { Agent, request } from 'node:http';
import { NetnsdError } from '../errors.js';
import type { Lease, PoolStatus } from '../pool/types.js';

/** What the suites ask of a daemon, over kept connections. */
export interface Api {
  pool(name: string): Promise<PoolStatus>;
  acquire(pool: string): Promise<Lease>;
  release(leaseId: string): Promise<void>;
  close(): void;
}

export function openApi(socketPath: string): Api {
  const agent = new Agent({ keepAlive: true });
  const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
      const outgoing = request({ socketPath, agent, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) return resolve(text === '' ? null : JSON.parse(text));
          reject(new NetnsdError('internal', `${method} ${path} was answered with ${status}: ${text}`));
        });
      });
      outgoing.on('error', (cause) => reject(new NetnsdError('daemon_unreachable', cause.message, { cause })));
      outgoing.end(payload);
    });
  return {
    pool: (name) => call('GET', `/v1/pools/${name}`) as Promise<PoolStatus>,
    acquire: (pool) => call('POST', '/v1/leases', { pool }) as Promise<Lease>,
    release: async (leaseId) => void (await call('DELETE', `/v1/leases/${leaseId}`)),
    close: () => agent.destroy(),
  };
}
