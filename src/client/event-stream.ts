import type { Readable } from 'node:stream';
import type { PoolEvent } from '../pool/service.js';
import { parseAnswer } from './failure.js';

/**
 * The events of a `text/event-stream` body; comments and unknown fields are ignored. Hand-written: the client that the package
 * exports loads no other package, and the daemon writes only a part of that format.
 */
export async function* readEvents(body: Readable): AsyncGenerator<PoolEvent, void, undefined> {
  body.setEncoding('utf8');
  let rest = '';
  for await (const part of body) {
    rest += part;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const lines = rest.slice(0, end).split('\n');
      rest = rest.slice(end + 2);
      const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
      if (data.length > 0) yield parseAnswer<PoolEvent>(data.join('\n'));
    }
  }
}
