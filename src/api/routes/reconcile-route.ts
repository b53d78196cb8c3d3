import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiOptions } from '../options.js';
import { ReconcileSchema, ReconciliationSchema } from '../schemas/index.js';

/** `/v1/reconcile`, what `netnsd doctor` asks of a daemon that runs. */
export const reconcileRoute: FastifyPluginAsyncTypebox<Pick<ApiOptions, 'reconcile'>> = async (app, { reconcile }) => {
  app.post(
    '/v1/reconcile',
    {
      schema: {
        summary: 'Compare what there is with what should be, and put it right if asked to',
        description:
          'Links, bridges and namespaces of the daemon, and who is inside. One comparison runs at a time; a second waits.',
        tags: ['daemon'],
        body: ReconcileSchema,
        response: { 200: ReconciliationSchema },
      },
    },
    async (request) => reconcile({ fix: request.body.fix ?? false }),
  );
};
