import { type Static, Type } from 'typebox';

/** How every error leaves: application/problem+json, RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:netnsd:error:pool_exhausted'] }),
    title: Type.String({
      description: 'What the code means.',
      examples: ['Every endpoint of the pool is in use and the pool is at its max.'],
    }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [503] }),
    detail: Type.String({ description: 'What failed, on what, and what to do.' }),
    code: Type.String({ description: 'Stable; what programs branch on.', examples: ['pool_exhausted'] }),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Operation, endpoint, errno and the like.' }),
    ),
  },
  { title: 'Problem', description: 'An error, as RFC 9457 has it.' },
);

export type ApiProblem = Static<typeof ProblemSchema>;
