import { type Static, Type } from 'typebox';
import { nullableString, oneOf, time } from './fields.js';

/** The data of one server-sent event. */
export const EventSchema = Type.Object(
  {
    time: time('When it happened.'),
    type: oneOf(['ready', 'leased', 'released', 'destroyed', 'broken', 'build_failed'], { examples: ['leased'] }),
    pool: Type.String({ examples: ['default'] }),
    endpoint: Type.String({ examples: ['default-17'] }),
    lease: nullableString({ examples: ['5f3a9c0d1e2b4a68'] }),
    containerId: nullableString({ examples: ['job-17'] }),
    reason: nullableString({ description: 'Why it is broken, or why its build failed.', examples: [null] }),
  },
  { title: 'PoolEvent', description: 'A change of the state of an endpoint.' },
);

export type ApiPoolEvent = Static<typeof EventSchema>;
