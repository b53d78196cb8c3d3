/** Reconcile: compare records, kernel and processes, and repair the difference. */

import { type Static, Type } from 'typebox';
import { closed, list, nullableString, oneOf } from './fields.js';

export const ReconcileSchema = Type.Object(
  {
    fix: Type.Optional(
      Type.Boolean({
        description:
          'Whether to repair what is found, as the daemon does once every reconcile_seconds. Default: false, which only reports.',
        examples: [true],
      }),
    ),
  },
  {
    ...closed,
    title: 'ReconcileRequest',
    description: 'What `netnsd doctor` sends, with fix for `netnsd doctor --fix`.',
  },
);

const FindingSchema = Type.Object({
  pool: nullableString({ examples: ['default'] }),
  object: Type.String({ description: 'The bridge, link or endpoint that differs.', examples: ['default-17'] }),
  endpoint: nullableString({ examples: ['default-17'] }),
  lease: nullableString({ description: 'Id of the lease on it.', examples: [null] }),
  problem: Type.String({ examples: ['its link in the hub is gone'] }),
  action: oneOf(['replaced', 'released', 'repaired', 'removed', 'none'], {
    description: 'How such a difference is repaired; none: only an operator can repair it.',
    examples: ['replaced'],
  }),
  outcome: oneOf(['found', 'done', 'failed'], {
    description: 'found: nothing was done; failed: the repair failed.',
    examples: ['done'],
  }),
  advice: nullableString({ description: 'What to do, or why the repair failed.', examples: [null] }),
});

export const ReconciliationSchema = Type.Object(
  {
    findings: list(FindingSchema),
    endpoints: Type.Integer({ description: 'How many endpoints were compared.', examples: [128] }),
    tookMs: Type.Number({ examples: [42] }),
  },
  { title: 'Reconciliation', description: 'The differences that were found, and what was done about them.' },
);

export type ApiReconcile = Static<typeof ReconcileSchema>;
export type ApiReconciliation = Static<typeof ReconciliationSchema>;
