/** Leases for the containers of OCI runtimes. */

import { type Static, Type } from 'typebox';
import { ContainerId, closed, nullableString, oneOf, PoolName, Tenant, Wait } from './fields.js';
import { LeaseSchema } from './lease-schemas.js';
import { PATTERNS } from './patterns.js';

export const PatchBundleSchema = Type.Object(
  {
    bundle: Type.String({
      minLength: 1,
      maxLength: 4096,
      pattern: PATTERNS.bundle.pattern,
      description: 'Absolute path of the folder that holds config.json.',
      examples: ['/run/bundles/job-17'],
    }),
    containerId: ContainerId,
    pool: Type.Optional(PoolName),
    tenant: Type.Optional(Tenant),
    wait: Type.Optional(Wait),
    dns: Type.Optional(
      Type.Boolean({
        description:
          "Whether the container sees the lease's DNS settings as /etc/resolv.conf and its names in /etc/hosts. Default: the pool's mount_dns.",
        examples: [true],
      }),
    ),
  },
  { ...closed, title: 'PatchBundleRequest', description: 'A bundle, and the container that will be started from it.' },
);

export const PatchedBundleSchema = Type.Object(
  {
    action: oneOf(['patched', 'passthrough'], {
      description: 'patched: config.json has the path of the leased namespace; passthrough: config.json is unchanged.',
      examples: ['patched'],
    }),
    reason: Type.Optional(
      Type.String({
        description: 'Why nothing was done.',
        examples: ['its network namespace already has a path: /run/netns/other'],
      }),
    ),
    existing: Type.Optional(
      Type.Boolean({ description: 'Whether the container held the lease before this request.', examples: [false] }),
    ),
    lease: Type.Optional(LeaseSchema),
  },
  { title: 'PatchedBundle', description: 'What was done to the bundle.' },
);

export const GraftSchema = Type.Object(
  {
    bundle: PatchBundleSchema.properties.bundle,
    containerId: ContainerId,
    pid: Type.Integer({
      minimum: 1,
      maximum: 4_194_304,
      description: "The container's first process, inside the network namespace that its runtime made.",
      examples: [4711],
    }),
    pool: Type.Optional(PoolName),
    tenant: Type.Optional(Tenant),
    wait: Type.Optional(Wait),
  },
  { ...closed, title: 'GraftRequest', description: 'A container that is being created, as an OCI hook describes it.' },
);

export const GraftedSchema = Type.Object(
  {
    action: oneOf(['grafted', 'passthrough'], {
      description: "grafted: the container's namespace has the leased interface; passthrough: it is unchanged.",
      examples: ['grafted'],
    }),
    reason: PatchedBundleSchema.properties.reason,
    existing: PatchedBundleSchema.properties.existing,
    lease: Type.Optional(LeaseSchema),
  },
  { title: 'Grafted', description: 'What was done to the container.' },
);

export const DnsFilesRequestSchema = Type.Object(
  {
    hostname: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        pattern: PATTERNS.hostname.pattern,
        description: "The container's host name; its hosts file gets it beside the container's id.",
        examples: ['web-1'],
      }),
    ),
  },
  { ...closed, title: 'DnsFilesRequest', description: 'What the files contain beside the settings of the lease.' },
);

export const DnsFilesSchema = Type.Object(
  {
    hosts: Type.String({
      description: 'For /etc/hosts.',
      examples: ['/run/netnsd/dns/5f3a9c0d1e2b4a68/hosts'],
    }),
    resolvConf: nullableString({
      description: 'For /etc/resolv.conf; null if the pool has no DNS settings.',
      examples: ['/run/netnsd/dns/5f3a9c0d1e2b4a68/resolv.conf'],
    }),
  },
  { title: 'DnsFiles', description: 'Absolute paths of files that belong to a lease.' },
);

export type ApiDnsFiles = Static<typeof DnsFilesSchema>;
export type ApiGraft = Static<typeof GraftSchema>;
export type ApiGrafted = Static<typeof GraftedSchema>;
export type ApiPatchBundle = Static<typeof PatchBundleSchema>;
export type ApiPatchedBundle = Static<typeof PatchedBundleSchema>;
