import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type ApiOptions, createApi, listenOnSocket } from '../../../src/api/index.js';
import type { EndpointRecord } from '../../../src/pool/index.js';
import { type Sizes, world } from '../pool/fakes.js';

export interface ApiWorldOptions extends Partial<ApiOptions> {
  readonly pools?: Sizes[];
  readonly adopted?: EndpointRecord[];
}

/** The API over real pools, which are full, of endpoints that exist only in memory. */
export async function apiWorld(t: Test, options: ApiWorldOptions = {}) {
  const { pools: sizes = [{}], adopted = [], ...rest } = options;
  const made = world({ pools: sizes, adopted, seq: 1000 * adopted.length });
  await made.clock.settle();
  const faults: { details: object; message: string }[] = [];
  const app = await createApi({
    service: made.pools,
    log: {
      debug: () => undefined,
      info: () => undefined,
      error: (details, message) => void faults.push({ details, message }),
    },
    version: '1.2.3',
    startedAt: Date.now() - 1500,
    patchBundle: async () => ({ action: 'passthrough', reason: 'not in this test' }),
    dnsFiles: () => ({ hosts: '/nowhere', resolvConf: null }),
    reconcile: async () => ({ findings: [], endpoints: 0, tookMs: 0 }),
    graftContainer: async () => ({ action: 'passthrough', reason: 'not in this test' }),
    ...rest,
  });
  t.teardown(() => app.close());
  return { ...made, app, faults };
}

/** The same, listening on a socket of its own. */
export async function servedWorld(t: Test, options: ApiWorldOptions = {}) {
  const made = await apiWorld(t, options);
  const path = socketPath(t);
  await listenOnSocket(made.app, { path, groupId: null });
  return { ...made, path };
}

/** Where a socket may be made: short enough, in a folder that goes with the test. */
export function socketPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'netnsd-api-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'n.sock');
}

/** A connection that says what the test says, byte by byte. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    // A connection that the daemon ends while we talk breaks; what came before counts.
    socket.on('error', () => undefined);
  }

  static open(t: Test, path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      t.teardown(() => socket.destroy());
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  post(path: string, body: unknown): void {
    const text = JSON.stringify(body);
    this.socket.write(`${requestHead('POST', path)}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  async until(condition: (received: string) => boolean): Promise<string> {
    await eventually(() => condition(this.received));
    return this.received;
  }
}

export function requestHead(method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
}

/** Resolves when the condition holds; rejects after a minute. */
export async function eventually(condition: () => boolean, everyTurn: () => Promise<void> = turn): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not come true: ${condition}`);
    await everyTurn();
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
