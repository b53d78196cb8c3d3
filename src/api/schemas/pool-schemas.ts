/** Pools and the daemon that has them. */

import { type Static, Type } from 'typebox';
import { REPLACEMENT } from './endpoint-schemas.js';
import { closed, list, nullableString } from './fields.js';

function count(description: string, example: number) {
  return Type.Integer({ minimum: 0, description, examples: [example] });
}

export const PoolStatusSchema = Type.Object(
  {
    name: Type.String({ examples: ['default'] }),
    subnet: Type.String({ description: 'CIDR notation.', examples: ['10.213.0.0/16'] }),
    minReady: count('How many endpoints are kept ready at least.', 100),
    max: count('How many endpoints there may be, leased ones included.', 1000),
    target: count('How many endpoints are to be ready now: from minReady up, as demand says.', 100),
    ready: count('Endpoints that an acquire gets at once.', 100),
    leased: count('Endpoints that a container holds.', 3),
    dirty: count('Endpoints that were released and not looked at yet.', 0),
    building: count('Endpoints on their way in.', 0),
    broken: count('Endpoints that could not be removed.', 0),
    destroying: count('Endpoints on their way out.', 0),
    acquiredWarm: count('Leases served from the ready queue, since the daemon started.', 40),
    acquiredCold: count('Leases that had to wait for a build, since the daemon started.', 0),
    released: count('Leases that have ended, since the daemon started.', 37),
    recycledBySeal: count('Endpoints ready again because their seal was intact, since the daemon started.', 30),
    recycledByProof: count('Endpoints ready again because all of them was as pristine, since the daemon started.', 5),
    recycledUnseen: count('Endpoints ready again as they were (recycle = "reuse"), since the daemon started.', 0),
    replaced: count('Endpoints replaced after their release, since the daemon started.', 2),
    replacedFor: Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
      description: 'The same by kind of reason.',
      examples: [{ links: 1, privileged: 1 }],
    }),
    replacements: list(Type.Object({ endpoint: Type.String({ examples: ['default-17'] }), ...REPLACEMENT }), {
      description: 'The newest replacements and their reasons, 16 at the most, newest first.',
      examples: [[]],
    }),
    buildFailures: count('Endpoints that could not be built, since the daemon started.', 0),
    lastError: nullableString({ description: 'The newest failure, in one line, or null.', examples: [null] }),
    trouble: nullableString({
      description: 'What keeps the pool from being filled or emptied at the moment, in one line; null: nothing.',
      examples: [null],
    }),
  },
  { title: 'PoolStatus', description: 'A pool: its two numbers, how many endpoints are in which state, what it did.' },
);

export const PoolListSchema = Type.Object(
  { pools: Type.Array(PoolStatusSchema) },
  { title: 'PoolList', description: 'Every pool, in the order of the configuration.' },
);

export const PoolParamsSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 64, description: 'Name of a pool.', examples: ['default'] }),
});

const Size = { minimum: 0, maximum: 16_777_216 };
export const ResizeSchema = Type.Object(
  {
    minReady: Type.Optional(Type.Integer({ ...Size, description: 'How many endpoints to keep ready.' })),
    max: Type.Optional(Type.Integer({ ...Size, description: 'How many endpoints there may be.' })),
  },
  {
    ...closed,
    minProperties: 1,
    title: 'PoolChange',
    description: 'What is left out stays as it is; the configuration file is not changed.',
    examples: [{ minReady: 200 }],
  },
);

export const StatusSchema = Type.Object(
  {
    version: Type.String({ examples: ['0.1.0'] }),
    pid: Type.Integer({ examples: [4711] }),
    uptimeSeconds: Type.Number({ examples: [86_400.5] }),
    pools: Type.Array(PoolStatusSchema),
  },
  { title: 'Status', description: 'The daemon and its pools; what `netnsd status --json` prints.' },
);

export const HealthSchema = Type.Object(
  { status: Type.Literal('ok', { type: 'string', examples: ['ok'] }) },
  { title: 'Health', description: 'The daemon answers.' },
);

export type ApiPoolStatus = Static<typeof PoolStatusSchema>;
export type ApiPoolList = Static<typeof PoolListSchema>;
export type ApiResize = Static<typeof ResizeSchema>;
export type ApiStatus = Static<typeof StatusSchema>;
