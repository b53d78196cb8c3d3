import type { Readable } from 'node:stream';
import type { PoolEvent } from '../pool/service.js';

/** The events of a `text/event-stream` body, as they come; comments and unknown fields are passed over. */
export async function* readEvents(body: Readable): AsyncGenerator<PoolEvent> {
  body.setEncoding('utf8');
  let rest = '';
  for await (const part of body) {
    rest += part;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const data = rest
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data: '));
      rest = rest.slice(end + 2);
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(6)).join('\n')) as PoolEvent;
    }
  }
}
