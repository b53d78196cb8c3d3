import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Opcodes of RFC 6455. */
const [BINARY, CLOSE] = [2, 8];
const DATA_CHANNEL = 0;

/** A frame of a client, which is masked. */
function frame(payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] as number));
  const length = Buffer.alloc(payload.length < 126 ? 1 : 3);
  if (payload.length < 126) length.writeUInt8(0x80 | payload.length);
  else {
    length.writeUInt8(0x80 | 126);
    length.writeUInt16BE(payload.length, 1);
  }
  return Buffer.concat([Buffer.from([0x80 | BINARY]), length, mask, masked]);
}

/** Takes whole frames of a server off the front of what came; the rest. */
function takeFrames(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer {
  let rest = bytes;
  for (;;) {
    const short = rest.length < 2 ? 0 : (rest[1] as number) & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < head) return rest;
    const length = head === 2 ? short : head === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < head + length) return rest;
    take((rest[0] as number) & 15, rest.subarray(head, head + length));
    rest = rest.subarray(head + length);
  }
}

async function upgrade(url: URL): Promise<{ socket: Socket; rest: Buffer }> {
  const socket = connect(Number(url.port), url.hostname);
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Origin: http://${url.host}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: v4.channel.k8s.io',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) continue;
    if (!bytes.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(bytes.toString('latin1'));
    return { socket, rest: bytes.subarray(end + 4) };
  }
  throw new Error(`no answer from ${url}: ${bytes.toString('latin1')}`);
}

/**
 * What a pod answers to `text` at its port, by the URL of the CRI's PortForward, as `kubectl port-forward` reaches it (the WebSocket form: each
 * channel begins with the port, two bytes).
 */
export async function askForwarded(address: string, port: number, text: string): Promise<string> {
  const url = new URL(address);
  url.searchParams.set('port', String(port));
  const { socket, rest } = await upgrade(url);
  socket.write(frame(Buffer.concat([Buffer.from([DATA_CHANNEL]), Buffer.from(text)])));
  const channels = new Map<number, Buffer[]>();
  let bytes: Buffer = rest;
  let ended = false;
  const take = (opcode: number, payload: Buffer): void => {
    const channel = payload[0] ?? 0;
    if (opcode === BINARY) channels.set(channel, [...(channels.get(channel) ?? []), payload.subarray(1)]);
    ended ||= opcode === CLOSE;
  };
  bytes = takeFrames(bytes, take);
  for await (const chunk of socket) {
    bytes = takeFrames(Buffer.concat([bytes, chunk]), take);
    if (ended) break;
  }
  const [data, error] = [0, 1].map((channel) => Buffer.concat(channels.get(channel) ?? []).subarray(2));
  if (error?.length) throw new Error(error.toString());
  return String(data);
}
