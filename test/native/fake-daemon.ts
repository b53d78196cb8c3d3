import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

/** What the fake answers; a body that is an object is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: object;
}

export interface FakeDaemon {
  readonly asked: Asked[];
  /** Changes what POSTs get from now on. */
  answer: (request: Asked) => Answer | Promise<Answer>;
  /** How many came so far. */
  readonly connections: number;
  /** Ends as a daemon does that is killed. */
  cutOff(): Promise<void>;
  close(): Promise<void>;
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer.body === undefined) {
    response.writeHead(answer.status).end();
    return;
  }
  const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  return text === '' ? undefined : JSON.parse(text);
}

function listen(server: Server | NetServer, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
}

/** A daemon that grants everything, keeps what it was asked, and writes each request as one line into `journal`. */
export async function startFakeDaemon(options: {
  socket: string;
  journal: string;
  /** How long a connection lives after an answer; default: until its client ends it. */
  closeAfterMs?: number | undefined;
}): Promise<FakeDaemon> {
  let connections = 0;
  const daemon: FakeDaemon = {
    asked: [],
    answer: (request) =>
      request.method === 'DELETE'
        ? { status: 204 }
        : {
            status: 200,
            body: { action: request.url === '/v1/oci/graft' ? 'grafted' : 'patched', lease: { id: 'default-1' } },
          },
    get connections() {
      return connections;
    },
    cutOff: () => {
      server.closeAllConnections();
      return daemon.close();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    void (async () => {
      const asked = {
        method: request.method ?? '',
        url: request.url ?? '',
        body: await readBody(request),
        headers: request.headers,
      };
      daemon.asked.push(asked);
      appendFileSync(options.journal, `${asked.method} ${asked.url}\n`);
      const { closeAfterMs } = options;
      if (closeAfterMs !== undefined)
        response.on('finish', () => setTimeout(() => request.socket.destroy(), closeAfterMs));
      send(response, await daemon.answer(asked));
    })();
  });
  server.on('connection', () => (connections += 1));
  await listen(server, options.socket);
  return daemon;
}

/** A server that does with each connection whatever `behave` does. */
export async function startRawServer(
  socket: string,
  behave: (connection: Socket) => void,
): Promise<{ close(): Promise<void> }> {
  const connections = new Set<Socket>();
  const server = createNetServer((connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    connection.once('close', () => connections.delete(connection));
    behave(connection);
  });
  await listen(server, socket);
  return {
    close: () => {
      for (const connection of connections) connection.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
