import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { type ApiOptions, createApi, listenOnSocket } from '../../../src/api/index.js';
import { FakeService } from './fake-service.js';

export interface Served {
  readonly app: FastifyInstance;
  readonly service: FakeService;
  readonly faults: object[];
  readonly logged: { details: object; message: string }[];
}

/** An API over a fake service, not listening; closed with the test. */
export async function makeApi(t: Test, options: Partial<ApiOptions> = {}): Promise<Served> {
  const service = new FakeService();
  const faults: object[] = [];
  const logged: { details: object; message: string }[] = [];
  const app = await createApi({
    service,
    version: '1.2.3',
    startedAt: Date.now() - 5000,
    log: {
      debug: (details, message) => void logged.push({ details, message }),
      info: (details, message) => void logged.push({ details, message }),
      error: (details) => void faults.push(details),
    },
    patchBundle: async () => ({ action: 'passthrough', reason: 'a fake' }),
    dnsFiles: () => ({ hosts: '/nowhere', resolvConf: null }),
    reconcile: async () => ({ findings: [], endpoints: 0, tookMs: 0 }),
    graftContainer: async () => ({ action: 'passthrough', reason: 'a fake' }),
    ...options,
  });
  t.teardown(() => app.close());
  return { app, service, faults, logged };
}

export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-api-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The same, listening on a socket of its own. */
export async function serveApi(t: Test, options: Partial<ApiOptions> = {}): Promise<Served & { path: string }> {
  const path = join(temporaryFolder(t), 'netnsd.sock');
  const served = await makeApi(t, options);
  await listenOnSocket(served.app, { path, groupId: null });
  return { ...served, path };
}

/** A raw connection, and all that came over it. */
export async function dial(t: Test, path: string): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (part) => {
    text += part.toString();
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, heard: () => text };
}

export function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: netnsd\r\nContent-Type: application/json`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Resolves when `condition` holds; fails after a minute. */
export async function until(what: string, condition: () => boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
