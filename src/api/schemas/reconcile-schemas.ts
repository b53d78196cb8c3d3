/** Comparing what there is with what should be. */

import { type Static, Type } from 'typebox';
import { closed, list, nullableString, oneOf } from './fields.js';

export const ReconcileSchema = Type.Object(
  {
    fix: Type.Optional(
      Type.Boolean({
        description: 'Whether what is found is put right, as it is now and then anyway. Default: it is only told.',
        examples: [true],
      }),
    ),
  },
  { ...closed, title: 'ReconcileRequest', description: 'What `netnsd doctor` and `netnsd doctor --fix` ask.' },
);

const FindingSchema = Type.Object({
  pool: nullableString({ examples: ['default'] }),
  object: Type.String({ description: 'The bridge, link or endpoint that it is about.', examples: ['default-17'] }),
  endpoint: nullableString({ examples: ['default-17'] }),
  lease: nullableString({ description: 'The lease that is concerned.', examples: [null] }),
  problem: Type.String({ examples: ['its link at the host is gone'] }),
  action: oneOf(['replaced', 'released', 'mended', 'removed', 'none'], {
    description: 'What is done about such a thing; none: that is for a person.',
    examples: ['replaced'],
  }),
  outcome: oneOf(['found', 'done', 'failed'], {
    description: 'found: nothing was done; failed: it is still so.',
    examples: ['done'],
  }),
  advice: nullableString({ description: 'What to do, or why it failed.', examples: [null] }),
});

export const ReconciliationSchema = Type.Object(
  {
    findings: list(FindingSchema),
    endpoints: Type.Integer({ description: 'How many endpoints there were.', examples: [128] }),
    tookMs: Type.Number({ examples: [42] }),
  },
  { title: 'Reconciliation', description: 'What was not as it should be, and what became of it.' },
);

export type ApiReconcile = Static<typeof ReconcileSchema>;
export type ApiReconciliation = Static<typeof ReconciliationSchema>;
