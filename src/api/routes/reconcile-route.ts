import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiOptions } from '../options.js';
import { ReconcileSchema, ReconciliationSchema } from '../schemas/index.js';

/** `/v1/reconcile`: what `netnsd doctor` requests of a running daemon. */
export const reconcileRoute: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'reconcile'>> = async (app, { reconcile }) => {
  app.post(
    '/v1/reconcile',
    {
      schema: {
        summary: 'Compare records, kernel and processes, and repair the difference on request',
        description:
          "Compares the daemon's links, bridges and namespaces, and the processes inside. One reconcile runs at a time; another request waits.",
        tags: ['daemon'],
        body: ReconcileSchema,
        response: { 200: ReconciliationSchema },
      },
    },
    async (request) => reconcile({ fix: request.body.fix ?? false }),
  );
};
