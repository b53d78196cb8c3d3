import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createConnection } from 'node:net';

/**
 * As much of protocol buffers as calls of the CRI take (https://protobuf.dev/programming-guides/encoding): messages are written as their
 * fields, by number, and read the same way.
 */
export type Value = string | number | Message | readonly Value[];
export interface Message {
  readonly [field: number]: Value | undefined;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function encodeField(field: number, value: Value): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(field * 8), varint(value)]);
  if (Array.isArray(value)) return Buffer.concat(value.map((one: Value) => encodeField(field, one)));
  const bytes = typeof value === 'string' ? Buffer.from(value) : encode(value as Message);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

export function encode(message: Message): Buffer {
  const fields = Object.entries(message).filter(([, value]) => value !== undefined);
  return Buffer.concat(fields.map(([field, value]) => encodeField(Number(field), value as Value)));
}

/** A map of strings is a list of messages. */
export function stringMap(entries: Readonly<Record<string, string>>): Message[] {
  return Object.entries(entries).map(([key, value]) => ({ 1: key, 2: value }));
}

/** The fields of a message that was read: numbers, and bytes that are text or another message. */
export type Fields = ReadonlyMap<number, readonly (number | Buffer)[]>;

export function decode(bytes: Buffer): Fields {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = read();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    let value: number | Buffer;
    if (kind === 0) value = read();
    else if (kind === 2) {
      const length = read();
      value = bytes.subarray(at, at + length);
      at += length;
    } else throw new Error(`wire type ${kind} of field ${field} is not read`);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The text of a field, empty where it is absent. */
export function textOf(fields: Fields, field: number): string {
  return String(fields.get(field)?.[0] ?? '');
}

/** A gRPC client on a unix socket, for calls with one request and one response. */
export class Grpc implements Disposable {
  readonly #session: ClientHttp2Session;

  constructor(socket: string) {
    this.#session = connect('http://localhost', { createConnection: () => createConnection(socket) });
    this.#session.on('error', () => undefined);
  }

  /** Calls `/SERVICE/METHOD`. Rejects with the server's message. */
  async call(path: string, message: Message): Promise<Fields> {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const body = encode(message);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    const chunks: Buffer[] = [];
    let status: Record<string, unknown> = {};
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A call that fails at once has its status in the headers.
    for (const event of ['response', 'trailers'])
      stream.on(event, (headers: Record<string, unknown>) => {
        status = { ...status, ...headers };
      });
    stream.end(Buffer.concat([head, body]));
    await once(stream, 'close');
    if (status['grpc-status'] !== '0')
      throw new Error(`${path}: ${decodeURIComponent(String(status['grpc-message'] ?? 'no answer'))}`);
    return decode(Buffer.concat(chunks).subarray(5));
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}
