/** Fields that several schemas share. */
import { type TSchema, type TSchemaOptions, Type } from 'typebox';
import { PATTERNS } from './patterns.js';

/** Options of an object that refuses unknown fields. */
export const closed = { additionalProperties: false };

/**
 * A container id as runc (`validateID` of libcontainer/factory_linux.go), crun and containerd accept it, of at most 255
 * characters: no slash, no white space, and not dots alone, which clients would take for a folder.
 */
export const ContainerId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: PATTERNS.containerId.pattern,
  description: 'Id of the container that holds the lease, unique in its pool.',
  examples: ['job-17'],
});

/** The same as leases are found by: a container of a runtime root of its own has nine characters more, `@` and eight digits. */
export const ContainerKey = Type.String({
  minLength: 1,
  maxLength: 264,
  pattern: PATTERNS.containerId.pattern,
  description: 'Id of the container that holds the lease, as `netnsd list` prints it.',
  examples: ['job-17'],
});

export const Tenant = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: PATTERNS.tenant.pattern,
  description: 'Whom the lease serves. An endpoint that a tenant has used is never leased to another tenant.',
  examples: ['default'],
});

export const PoolName = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: PATTERNS.poolName.pattern,
  description: 'Name of a configured pool.',
  examples: ['default'],
});

export const Address = Type.String({
  minLength: 2,
  maxLength: 45,
  pattern: PATTERNS.address.pattern,
  description: 'The address of the pool that the endpoint is to have, of IPv4 or IPv6. Default: any.',
  examples: ['10.213.0.7'],
});

export const Mac = Type.String({
  minLength: 17,
  maxLength: 17,
  pattern: PATTERNS.mac.pattern,
  description:
    'The MAC that it is to have: 0a:58 and its IPv4 address in any pool; any other in one with anti_spoof = false and without subnet6. Default: the former.',
  examples: ['0a:58:0a:d5:00:07'],
});

export const Wait = Type.Number({
  minimum: 0,
  maximum: 3600,
  description:
    'Seconds to wait for an endpoint if the pool is at its max. Default: 0, which fails at once with pool_exhausted.',
  examples: [2.5],
});

export const Ttl = Type.Number({
  exclusiveMinimum: 0,
  maximum: 31_536_000,
  description: 'Seconds until the lease expires. Default: never.',
  examples: [600],
});

export const Pid = Type.Integer({
  minimum: 1,
  maximum: 4_194_304,
  description: "A process whose end ends the lease, by its pid in the daemon's PID namespace. Default: none.",
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

/** A string or null. */
export function nullableString(options: TSchemaOptions) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
}

/** A list that is read-only in TypeScript. */
export function list<T extends TSchema>(items: T, options: TSchemaOptions = {}) {
  return Type.Immutable(Type.Array(items, options));
}
