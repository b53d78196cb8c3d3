/** Leases, and the requests that make them. */

import { type Static, Type } from 'typebox';
import {
  Address,
  ContainerId,
  ContainerKey,
  closed,
  list,
  Mac,
  nullableString,
  oneOf,
  Pid,
  PoolName,
  Tenant,
  Ttl,
  time,
  Wait,
} from './fields.js';

const AddressSchema = Type.Object({
  address: Type.String({ description: 'CIDR notation.', examples: ['10.213.0.18/16'] }),
  gateway: Type.String({ description: "The bridge's address.", examples: ['10.213.0.1'] }),
});

const RouteSchema = Type.Object({
  destination: Type.String({ description: 'CIDR notation.', examples: ['0.0.0.0/0'] }),
  gateway: Type.String({ examples: ['10.213.0.1'] }),
});

const PublishedPortSchema = Type.Object({
  protocol: oneOf(['tcp', 'udp']),
  hostAddress: Type.String({ examples: ['127.0.0.1'] }),
  hostPort: Type.Integer({ examples: [20080] }),
  containerPort: Type.Integer({ examples: [8080] }),
});

const DnsSchema = Type.Object(
  {
    servers: list(Type.String(), { examples: [['10.0.0.53']] }),
    search: list(Type.String(), { examples: [['example.org']] }),
    options: list(Type.String(), { examples: [['ndots:1']] }),
  },
  { description: "For the container's resolv.conf (resolv.conf(5))." },
);

const GraftSchema = Type.Object(
  {
    inode: Type.Integer({ description: "Inode of the container's network namespace.", examples: [4026532911] }),
    pid: Type.Integer({ description: "The container's first process.", examples: [4711] }),
  },
  { description: "Where an OCI hook moved the interface; the lease's own namespace is empty then." },
);

const ProcessSchema = Type.Object(
  {
    pid: Type.Integer({ description: "Its pid in the daemon's PID namespace.", examples: [4711] }),
    startTicks: Type.Integer({
      description: 'When it started, in clock ticks since boot (field 22 of proc_pid_stat(5)).',
      examples: [731044],
    }),
  },
  { description: 'The process whose end ends the lease.' },
);

const AttachmentSchema = Type.Object(
  {
    delivery: oneOf(['none', 'overlay', 'graft'], {
      description: 'overlay: mounted over `target`; graft: the interface was moved there; none: not yet.',
      examples: ['overlay'],
    }),
    network: Type.String({ examples: ['netnsd'] }),
    ifname: Type.String({ examples: ['eth0'] }),
    target: Type.String({ description: "The runtime's namespace.", examples: ['/run/netns/cni-7a'] }),
  },
  { description: 'How netnsd-cni delivered the endpoint; only where leases are listed or shown.' },
);

export const LeaseSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the lease.', examples: ['5f3a9c0d1e2b4a68'] }),
    pool: Type.String({ examples: ['default'] }),
    containerId: nullableString({ description: 'Null if the acquire named none.', examples: ['job-17'] }),
    tenant: Type.String({ examples: ['default'] }),
    trust: oneOf(['unprivileged', 'privileged', 'unknown'], {
      description: 'What the container may do to its namespace: it decides how the endpoint is recycled.',
      examples: ['unknown'],
    }),
    source: oneOf(['warm', 'cold'], {
      description: 'warm: served from ready endpoints; cold: an endpoint was built for it.',
      examples: ['warm'],
    }),
    acquiredAt: time('When the lease was made.'),
    expiresAt: nullableString({
      description: 'When the lease expires, RFC 3339, UTC; null: never.',
      examples: [null],
    }),
    netns: Type.Object({
      path: Type.String({
        description:
          'Path of the network namespace, for `path` in config.json or for `ctr run --with-ns network:PATH`.',
        examples: ['/run/netnsd/netns/default-17.7f3c9a0d41b2e865'],
      }),
      inode: Type.Integer({
        description: 'Inode of the namespace, as `stat -Lc %i PATH` prints it.',
        examples: [4026532801],
      }),
    }),
    interface: Type.Object({
      name: Type.String({ description: 'Inside the namespace.', examples: ['eth0'] }),
      mac: Type.String({ examples: ['0a:58:0a:d5:00:12'] }),
      mtu: Type.Integer({ description: 'Bytes.', examples: [1500] }),
      hostName: Type.String({ description: 'The other end of the veth pair, in the hub.', examples: ['nddf5c-h'] }),
      rateIn: Type.Optional(
        Type.Integer({
          description: 'Most that it receives, in bits per second. Absent: no limit.',
          examples: [100_000_000],
        }),
      ),
      rateOut: Type.Optional(
        Type.Integer({
          description: 'Most that it sends, in bits per second. Absent: no limit.',
          examples: [100_000_000],
        }),
      ),
      hub: Type.Optional(
        Type.String({
          description: 'The network namespace that has the other end: `netnsd enter hub:HUB` leads into it.',
          examples: ['default.0'],
        }),
      ),
    }),
    graft: Type.Optional(GraftSchema),
    process: Type.Optional(ProcessSchema),
    attachment: Type.Optional(AttachmentSchema),
    addresses: list(AddressSchema),
    routes: list(RouteSchema),
    publishedPorts: list(PublishedPortSchema),
    dns: DnsSchema,
    sysctls: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Sysctls that the pool sets in the namespace. Absent: none.',
        examples: [{ 'net.core.somaxconn': '1024' }],
      }),
    ),
  },
  { title: 'Lease', description: "One container's hold on one endpoint, from acquire to release." },
);

export const LeaseListSchema = Type.Object(
  { leases: Type.Array(LeaseSchema) },
  { title: 'LeaseList', description: 'Several leases.' },
);

export const AcquireSchema = Type.Object(
  {
    pool: Type.Optional(PoolName),
    containerId: Type.Optional(ContainerId),
    tenant: Type.Optional(Tenant),
    address: Type.Optional(Address),
    mac: Type.Optional(Mac),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          'That many leases, all or none; the response is {leases: […]}. More than one cannot have a containerId.',
        examples: [4],
      }),
    ),
    trust: Type.Optional(
      oneOf(['unprivileged', 'privileged'], {
        description:
          'What the container may do: unprivileged without CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_BPF and writable sysctls. Default: unknown.',
        examples: ['unprivileged'],
      }),
    ),
    forContainer: Type.Optional(
      Type.Boolean({
        description:
          'Whether the lease ends when its container is gone or never starts (gone_after_seconds and unused_after_seconds). Default: false.',
        examples: [true],
      }),
    ),
    wait: Type.Optional(Wait),
    ttl: Type.Optional(Ttl),
    pid: Type.Optional(Pid),
  },
  {
    ...closed,
    title: 'AcquireRequest',
    description: 'What to lease; {} leases one endpoint of the default pool.',
    examples: [{ containerId: 'job-17', wait: 2 }],
  },
);

export const RenewSchema = Type.Object(
  {
    ttl: Type.Number({
      exclusiveMinimum: 0,
      maximum: 31_536_000,
      description: 'Seconds from now until the lease expires; replaces any earlier time limit.',
      examples: [600],
    }),
  },
  { ...closed, title: 'RenewRequest', description: 'A new time limit.', examples: [{ ttl: 600 }] },
);

export const LeaseQuerySchema = Type.Object(
  { pool: Type.Optional(PoolName), containerId: Type.Optional(ContainerKey), tenant: Type.Optional(Tenant) },
  closed,
);

export const LeaseParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: 'Id of a lease.', examples: ['5f3a9c0d1e2b4a68'] }),
});

export const ReleaseQuerySchema = Type.Object(
  {
    force: Type.Optional(
      oneOf(['true', 'false'], {
        description: 'Release although a process is inside: the endpoint is replaced once it is empty.',
        examples: ['true'],
      }),
    ),
  },
  closed,
);

export const ContainerParamsSchema = Type.Object({ containerId: ContainerKey });

export type ApiLease = Static<typeof LeaseSchema>;
export type ApiLeaseList = Static<typeof LeaseListSchema>;
export type ApiAcquire = Static<typeof AcquireSchema>;
export type ApiRenew = Static<typeof RenewSchema>;
export type ApiLeaseQuery = Static<typeof LeaseQuerySchema>;
