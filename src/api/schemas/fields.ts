/** Fields that several shapes of the API share. */
import { type TSchema, type TSchemaOptions, Type } from 'typebox';

/** An object that takes no fields but its own: an unknown one is refused, not dropped. */
export const closed = { additionalProperties: false };

/**
 * What runc (`validateID` of libcontainer/factory_linux.go), crun and containerd take for a container's id, within
 * netnsd's bounds; no slash, no white space, and not dots alone, which clients would take for a folder.
 */
export const ContainerId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^\\.*[A-Za-z0-9_+][A-Za-z0-9_.+:@-]*$',
  description: 'Id of the container that holds the lease, unique in its pool.',
  examples: ['job-17'],
});

export const Tenant = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.:@-]*$',
  description: 'Whom the lease serves; an endpoint is never passed to another tenant without being rebuilt.',
  examples: ['default'],
});

export const PoolName = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: '^[a-z0-9][a-z0-9-]*$',
  description: 'Name of a pool of the configuration.',
  examples: ['default'],
});

export const Wait = Type.Number({
  minimum: 0,
  maximum: 3600,
  description:
    'Seconds to wait for a release when the pool is at its max. Default: 0, which is pool_exhausted at once.',
  examples: [2.5],
});

export const Ttl = Type.Number({
  exclusiveMinimum: 0,
  maximum: 31_536_000,
  description: 'Seconds until the lease ends by itself. Default: never.',
  examples: [600],
});

export const Pid = Type.Integer({
  minimum: 1,
  maximum: 4_194_304,
  description:
    "A process with whose end the lease ends, by its number in the daemon's PID namespace. Default: it is bound to none.",
  examples: [4711],
});

/** RFC 3339, UTC. */
export function time(description: string) {
  return Type.String({ description: `${description} RFC 3339, UTC.`, examples: ['2026-03-01T12:00:00.000Z'] });
}

/** One of these words. */
export function oneOf<const T extends string[]>(words: readonly [...T], options: TSchemaOptions = {}) {
  return Type.Enum(words, { type: 'string', ...options });
}

/** A string or null, in one schema: the compiled serialiser would try the members of a union one by one. */
export function nullableString(options: TSchemaOptions) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
}

/** A list that its reader does not change. */
export function list<T extends TSchema>(items: T, options: TSchemaOptions = {}) {
  return Type.Immutable(Type.Array(items, options));
}
