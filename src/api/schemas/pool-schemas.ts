/** Pools, and the daemon. */

import { type Static, Type } from 'typebox';
import { REPLACEMENT } from './endpoint-schemas.js';
import { closed, list, nullableString, time } from './fields.js';

function count(description: string, example: number) {
  return Type.Integer({ minimum: 0, description, examples: [example] });
}

export const PoolStatusSchema = Type.Object(
  {
    name: Type.String({ examples: ['default'] }),
    subnet: Type.String({ description: 'CIDR notation.', examples: ['10.213.0.0/16'] }),
    minReady: count('The least number of endpoints to keep ready.', 100),
    max: count('The greatest number of endpoints, leased ones included.', 1000),
    target: count('How many endpoints to keep ready now: minReady or more, by demand.', 100),
    ready: count('Endpoints ready to be leased.', 100),
    leased: count('Leased endpoints.', 3),
    dirty: count('Released endpoints that are not verified yet.', 0),
    building: count('Endpoints being built.', 0),
    broken: count('Endpoints that could not be destroyed; retried.', 0),
    destroying: count('Endpoints being destroyed.', 0),
    acquiredWarm: count('Leases served from ready endpoints since the daemon started.', 40),
    acquiredCold: count('Leases that needed a build since the daemon started.', 0),
    released: count('Leases that ended since the daemon started.', 37),
    recycledBySeal: count('Endpoints recycled because their seal was intact, since the daemon started.', 30),
    recycledByProof: count('Endpoints recycled because they were proven pristine, since the daemon started.', 5),
    recycledUnchecked: count('Endpoints recycled without a check (recycle = "reuse"), since the daemon started.', 0),
    replaced: count('Endpoints replaced after their release since the daemon started.', 2),
    replacedFor: Type.Record(Type.String(), Type.Integer({ minimum: 0 }), {
      description: 'The number replaced by kind of deviation.',
      examples: [{ links: 1, privileged: 1 }],
    }),
    replacements: list(Type.Object({ endpoint: Type.String({ examples: ['default-17'] }), ...REPLACEMENT }), {
      description: 'The newest replacements, newest first, at most 16.',
      examples: [[]],
    }),
    buildFailures: count('Builds that failed since the daemon started.', 0),
    lastError: nullableString({ description: 'The newest failure, or null.', examples: [null] }),
    trouble: nullableString({
      description: 'What keeps the pool from being filled or emptied now; null: nothing.',
      examples: [null],
    }),
  },
  { title: 'PoolStatus', description: 'A pool: its size, its endpoints by state, and what it has done.' },
);

const Setting = Type.Unsafe<string | number | boolean | readonly string[] | null>({
  type: ['string', 'integer', 'boolean', 'array', 'null'],
});
export const PoolDetailsSchema = Type.Object(
  {
    ...PoolStatusSchema.properties,
    settings: Type.Optional(
      Type.Record(Type.String(), Setting, {
        description: 'Every setting of the pool by its key in the configuration file, as it is in effect.',
        examples: [{ subnet: '10.213.0.0/16', masquerade: true, publish: ['8080/tcp'] }],
      }),
    ),
  },
  { title: 'PoolDetails', description: 'A pool with its settings; one that is no longer configured has none.' },
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
    minReady: Type.Optional(Type.Integer({ ...Size, description: 'The least number of endpoints to keep ready.' })),
    max: Type.Optional(
      Type.Integer({ ...Size, description: 'The greatest number of endpoints, leased ones included.' }),
    ),
  },
  {
    ...closed,
    minProperties: 1,
    title: 'PoolChange',
    description:
      'A new size, until the daemon ends. A field that is left out is unchanged, and so is the configuration file.',
    examples: [{ minReady: 200 }],
  },
);

const ReadAt = time('When the configuration in effect was read.');
const ConfigurationSchema = Type.Object(
  {
    readAt: ReadAt,
    error: nullableString({ description: 'Why the newest reload was refused, or null.', examples: [null] }),
  },
  { description: 'The configuration in effect.' },
);

export const ReloadSchema = Type.Object(
  {
    changes: list(Type.String(), {
      description: 'What is changed, one setting or pool each.',
      examples: [['pools.default.min_ready: 16 -> 64', 'pools.web: added']],
    }),
    reopens: Type.Boolean({
      description:
        'Whether the pools are opened anew after this answer, as by a restart: the status has another readAt once that is done.',
      examples: [true],
    }),
    readAt: ReadAt,
  },
  { title: 'Reload', description: 'The configuration was read again.' },
);

export const StatusSchema = Type.Object(
  {
    version: Type.String({ examples: ['0.1.0'] }),
    pid: Type.Integer({ examples: [4711] }),
    uptimeSeconds: Type.Number({ examples: [86_400.5] }),
    starting: Type.Boolean({
      description:
        'Whether the daemon still takes over what an earlier one left. No pools are shown then, and other requests wait.',
      examples: [false],
    }),
    warnings: Type.Array(Type.String(), {
      description: 'What the daemon does without on this host, and what follows.',
      examples: [[]],
    }),
    pools: Type.Array(PoolStatusSchema),
    configuration: Type.Optional(ConfigurationSchema),
  },
  { title: 'Status', description: 'The daemon and its pools, as `netnsd status --json` prints them.' },
);

export const HealthSchema = Type.Object(
  { status: Type.Literal('ok', { type: 'string', examples: ['ok'] }) },
  { title: 'Health', description: 'The daemon answers.' },
);

export type ApiPoolStatus = Static<typeof PoolStatusSchema>;
export type ApiPoolDetails = Static<typeof PoolDetailsSchema>;
export type ApiPoolSettings = NonNullable<ApiPoolDetails['settings']>;
export type ApiConfiguration = Static<typeof ConfigurationSchema>;
export type ApiReload = Static<typeof ReloadSchema>;
export type ApiPoolList = Static<typeof PoolListSchema>;
export type ApiResize = Static<typeof ResizeSchema>;
export type ApiStatus = Static<typeof StatusSchema>;
