/**
 * The shapes of the API: validation, TypeScript types, replies and /openapi.json all come from here.
 */
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };

/** What runc, crun and containerd take for a container's id, within netnsd's bounds; no slash, no white space. */
const ContainerId = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.+:@-]*$',
  description: 'Id of the container that holds the lease, unique in its pool.',
});
const Tenant = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9_.:@-]*$' });
const PoolName = Type.String({ minLength: 1, maxLength: 32, pattern: '^[a-z0-9][a-z0-9-]*$' });
const Wait = Type.Number({
  minimum: 0,
  maximum: 3600,
  description: 'Seconds to wait for an endpoint at max; default 0.',
});

export const AddressSchema = Type.Object({
  address: Type.String({ description: 'CIDR notation.', examples: ['10.213.0.2/16'] }),
  gateway: Type.String({ examples: ['10.213.0.1'] }),
});
const RouteSchema = Type.Object({ destination: Type.String(), gateway: Type.String() });
const PublishedPortSchema = Type.Object({
  protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp')]),
  hostAddress: Type.String(),
  hostPort: Type.Integer(),
  containerPort: Type.Integer(),
});
const DnsSchema = Type.Object({
  servers: Type.Array(Type.String()),
  search: Type.Array(Type.String()),
  options: Type.Array(Type.String()),
});

export const LeaseSchema = Type.Object(
  {
    id: Type.String({ examples: ['5f3a9c0d1e2b4a68'] }),
    pool: Type.String(),
    containerId: Type.Union([Type.String(), Type.Null()]),
    tenant: Type.String(),
    source: Type.Union([Type.Literal('warm'), Type.Literal('cold')], {
      description: 'warm: served from the ready queue; cold: had to wait for a build.',
    }),
    acquiredAt: Type.String({ description: 'RFC 3339, UTC.' }),
    expiresAt: Type.Union([Type.String(), Type.Null()]),
    netns: Type.Object({ path: Type.String(), inode: Type.Integer() }),
    interface: Type.Object({
      name: Type.String(),
      mac: Type.String(),
      mtu: Type.Integer(),
      hostName: Type.String({ description: "Name of the host's end of the veth pair." }),
    }),
    addresses: Type.Array(AddressSchema),
    routes: Type.Array(RouteSchema),
    publishedPorts: Type.Array(PublishedPortSchema),
    dns: DnsSchema,
  },
  { title: 'Lease', description: 'The holding of one endpoint by one container.' },
);
export const LeaseListSchema = Type.Object({ leases: Type.Array(LeaseSchema) });

export const AcquireSchema = Type.Object(
  {
    pool: Type.Optional(PoolName),
    containerId: Type.Optional(ContainerId),
    tenant: Type.Optional(Tenant),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'That many leases, all or nothing.' }),
    ),
    wait: Type.Optional(Wait),
    ttl: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000, description: 'Seconds until the lease ends by itself.' }),
    ),
  },
  { ...closed, title: 'AcquireRequest' },
);

export const LeaseQuerySchema = Type.Object(
  { pool: Type.Optional(PoolName), containerId: Type.Optional(ContainerId), tenant: Type.Optional(Tenant) },
  closed,
);
export const IdParamsSchema = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const NameParamsSchema = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) });
export const ContainerParamsSchema = Type.Object({ containerId: ContainerId });

const Count = Type.Integer({ minimum: 0 });
export const PoolStatusSchema = Type.Object(
  {
    name: Type.String(),
    subnet: Type.String(),
    minReady: Count,
    max: Count,
    ready: Count,
    leased: Count,
    dirty: Count,
    building: Count,
    broken: Count,
    destroying: Count,
    acquiredWarm: Count,
    acquiredCold: Count,
    released: Count,
    buildFailures: Count,
    lastError: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'PoolStatus' },
);
export const PoolListSchema = Type.Object({ pools: Type.Array(PoolStatusSchema) });
export const ResizeSchema = Type.Object(
  { minReady: Type.Optional(Count), max: Type.Optional(Count) },
  { ...closed, minProperties: 1, title: 'PoolChange' },
);

export const StatusSchema = Type.Object(
  {
    version: Type.String(),
    pid: Type.Integer(),
    uptimeSeconds: Type.Number(),
    pools: Type.Array(PoolStatusSchema),
  },
  { title: 'Status' },
);
export const HealthSchema = Type.Object({ status: Type.Literal('ok') });

export const PatchBundleSchema = Type.Object(
  {
    bundle: Type.String({
      minLength: 1,
      maxLength: 4096,
      pattern: '^/[^\\u0000-\\u001f]*$',
      description: 'Absolute path.',
    }),
    containerId: ContainerId,
    pool: Type.Optional(PoolName),
    tenant: Type.Optional(Tenant),
    wait: Type.Optional(Wait),
  },
  { ...closed, title: 'PatchBundleRequest' },
);
export const PatchedBundleSchema = Type.Object(
  {
    action: Type.Union([Type.Literal('patched'), Type.Literal('passthrough')]),
    reason: Type.Optional(Type.String()),
    lease: Type.Optional(LeaseSchema),
  },
  { title: 'PatchedBundle' },
);

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:netnsd:error:pool_exhausted'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ examples: ['pool_exhausted'] }),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { title: 'Problem', description: 'RFC 9457.' },
);

export type ApiLease = Static<typeof LeaseSchema>;
export type ApiLeaseList = Static<typeof LeaseListSchema>;
export type ApiAcquire = Static<typeof AcquireSchema>;
export type ApiLeaseQuery = Static<typeof LeaseQuerySchema>;
export type ApiPoolStatus = Static<typeof PoolStatusSchema>;
export type ApiPoolList = Static<typeof PoolListSchema>;
export type ApiResize = Static<typeof ResizeSchema>;
export type ApiStatus = Static<typeof StatusSchema>;
export type ApiPatchBundle = Static<typeof PatchBundleSchema>;
export type ApiPatchedBundle = Static<typeof PatchedBundleSchema>;
export type ApiProblem = Static<typeof ProblemSchema>;
