/** One endpoint in any state. */

import { type Static, Type } from 'typebox';
import { EventSchema } from './event-schema.js';
import { list, nullableString, oneOf, time } from './fields.js';
import { LeaseSchema } from './lease-schemas.js';

const { netns, interface: link, addresses } = LeaseSchema.properties;

/** Why an endpoint was replaced. */
export const REPLACEMENT = {
  time: time('When it was verified.'),
  kind: Type.String({ description: 'The kind of deviation, in one word.', examples: ['links'] }),
  text: Type.String({ examples: ['MTU changed'] }),
};

export const EndpointSchema = Type.Object(
  {
    id: Type.String({ examples: ['default-17'] }),
    pool: Type.String({ examples: ['default'] }),
    state: oneOf(['building', 'ready', 'leased', 'dirty', 'broken', 'destroying', 'gone'], {
      description: 'dirty: released and not verified yet; gone: it was destroyed.',
      examples: ['gone'],
    }),
    tenant: nullableString({
      description:
        'The tenant that it has served since it was built; no other tenant gets it. Null: none, or the endpoint is gone.',
      examples: [null],
    }),
    lease: nullableString({ description: 'Id of the lease on it.', examples: [null] }),
    reason: nullableString({
      description: 'Why it is dirty, broken, being destroyed or gone.',
      examples: ['links: MTU changed'],
    }),
    netns: Type.Optional(netns),
    interface: Type.Optional(link),
    addresses: Type.Optional(addresses),
    replaced: Type.Optional(Type.Object(REPLACEMENT, { description: 'Why it was replaced after a lease.' })),
    events: list(EventSchema, {
      description: 'Its newest events since the daemon started, oldest first.',
      examples: [[]],
    }),
  },
  { title: 'Endpoint', description: 'One endpoint, present or replaced lately; what `netnsd inspect` shows.' },
);

export const EndpointParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: 'Id of an endpoint.', examples: ['default-17'] }),
});

export type ApiEndpoint = Static<typeof EndpointSchema>;
