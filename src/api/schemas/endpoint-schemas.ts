/** One endpoint, whoever has it. */

import { type Static, Type } from 'typebox';
import { EventSchema } from './event-schema.js';
import { list, nullableString, oneOf, time } from './fields.js';
import { LeaseSchema } from './lease-schemas.js';

const { netns, interface: link, addresses } = LeaseSchema.properties;

/** Why an endpoint is not used again. */
export const REPLACEMENT = {
  time: time('When it was judged.'),
  kind: Type.String({ description: 'What of it deviated; a word of few.', examples: ['links'] }),
  text: Type.String({ examples: ['MTU changed'] }),
};

export const EndpointSchema = Type.Object(
  {
    id: Type.String({ examples: ['default-17'] }),
    pool: Type.String({ examples: ['default'] }),
    state: oneOf(['building', 'ready', 'leased', 'dirty', 'broken', 'destroying', 'gone'], {
      description: 'dirty: released, and not judged yet; gone: nothing of it is left.',
      examples: ['gone'],
    }),
    tenant: nullableString({
      description: 'Whom it has served since it was built: nobody else gets it. Null: nobody, or it is gone.',
      examples: [null],
    }),
    lease: nullableString({ description: 'The lease that holds it.', examples: [null] }),
    reason: nullableString({
      description: 'Why it is dirty, broken, on its way out or gone.',
      examples: ['links: MTU changed'],
    }),
    netns: Type.Optional(netns),
    interface: Type.Optional(link),
    addresses: Type.Optional(addresses),
    replaced: Type.Optional(
      Type.Object(REPLACEMENT, { description: 'Why it is not used again, once somebody has had it.' }),
    ),
    events: list(EventSchema, {
      description: 'What became of it since the daemon started, oldest first, as far as that is remembered.',
      examples: [[]],
    }),
  },
  { title: 'Endpoint', description: 'One endpoint as it is, or as it was; what `netnsd inspect` shows of it.' },
);

export const EndpointParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: 'Id of an endpoint.', examples: ['default-17'] }),
});

export type ApiEndpoint = Static<typeof EndpointSchema>;
