import { type Static, Type } from 'typebox';

/** The body of every error response: application/problem+json, RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:netnsd:error:pool_exhausted'] }),
    title: Type.String({
      description: 'What the code means, in general.',
      examples: [
        'Every endpoint of the pool is in use, and the pool is at its max or its free addresses are in cooldown.',
      ],
    }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [503] }),
    detail: Type.String({ description: 'What failed, on which object, and what to do.' }),
    code: Type.String({ description: 'Stable; for programs to branch on.', examples: ['pool_exhausted'] }),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Operation, endpoint, errno and the like.' }),
    ),
  },
  { title: 'Problem', description: 'An error (RFC 9457).' },
);

export type ApiProblem = Static<typeof ProblemSchema>;
