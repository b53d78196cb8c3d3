import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiOptions } from '../options.js';
import { EventSchema } from '../schemas/index.js';

const HEARTBEAT_MS = 15_000;
/** A client that is this far behind is disconnected, rather than its events kept in memory. */
const BACKLOG_BYTES = 1 << 20;

type Options = Pick<ApiOptions, 'service' | 'heartbeatMs'>;

/** `/v1/events`: server-sent events (HTML standard, section 9.2), one for each change of an endpoint's state. */
export const eventRoute: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { service, heartbeatMs = HEARTBEAT_MS } = options;
  const open = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const end of open) end();
  });

  const schema = { summary: 'Follow changes of state, as server-sent events', tags: ['daemon'] };
  const openapi = {
    200: {
      description: 'Each event has its type in `event` and this in `data`; a comment is sent every 15 seconds.',
      content: { 'text/event-stream': { schema: EventSchema } },
    },
  };
  // No HEAD: the response would not end.
  app.get('/v1/events', { schema, config: { openapi }, exposeHeadRoute: false }, (_request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    raw.write(': netnsd events\n\n');
    const write = (text: string): void => {
      if (raw.writableEnded || raw.destroyed) return;
      raw.write(text);
      if (raw.writableLength > BACKLOG_BYTES) raw.destroy();
    };
    const unsubscribe = service.subscribe((event) => write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
    const heartbeat = setInterval(() => write(': keep-alive\n\n'), heartbeatMs);
    heartbeat.unref();
    const end = (): void => void raw.end();
    open.add(end);
    raw.once('close', () => {
      clearInterval(heartbeat);
      unsubscribe();
      open.delete(end);
    });
  });
};
