import { endpointCapacity, parseSubnet, subnetsOverlap } from '../address/ipv4.js';
import { parseSubnet6 } from '../address/ipv6.js';
import { rangesOverlap } from '../address/range.js';
import {
  DEFAULT_SUBNET,
  DNS_KEYS,
  type Key,
  POOL_KEYS,
  POOL_NAME,
  POOL_NAME_ALLOWED,
  parseContainerPort,
  parsePortRange,
  parseRate,
} from './keys/index.js';
import { readRoutes } from './routes.js';
import type { Section } from './section.js';
import { type NodeNetwork, readSubnetFile } from './subnet-file.js';
import { readSysctls } from './sysctls.js';
import type { PoolConfig } from './types.js';

const DEFAULT_POOL = 'default';

/** The pool of a configuration without pools. */
export function defaultPool(): PoolConfig {
  return {
    name: DEFAULT_POOL,
    subnet: DEFAULT_SUBNET,
    subnet6: POOL_KEYS.subnet6.initial,
    subnetFile: POOL_KEYS.subnetFile.initial,
    minReady: POOL_KEYS.minReady.initial,
    max: POOL_KEYS.max.initial,
    mtuBytes: POOL_KEYS.mtuBytes.initial,
    buildBatch: POOL_KEYS.buildBatch.initial,
    addressCooldownSeconds: POOL_KEYS.addressCooldownSeconds.initial,
    recycle: POOL_KEYS.recycle.initial,
    unknownSpec: POOL_KEYS.unknownSpec.initial,
    sizing: POOL_KEYS.sizing.initial,
    idleSeconds: POOL_KEYS.idleSeconds.initial,
    goneAfterSeconds: POOL_KEYS.goneAfterSeconds.initial,
    unusedAfterSeconds: POOL_KEYS.unusedAfterSeconds.initial,
    masquerade: POOL_KEYS.masquerade.initial,
    masqueradeExcept: POOL_KEYS.masqueradeExcept.initial,
    publish: [],
    publishRange: parsePortRange(POOL_KEYS.publishRange.initial) as PoolConfig['publishRange'],
    hostAccess: POOL_KEYS.hostAccess.initial,
    egressDeny: POOL_KEYS.egressDeny.initial,
    egressAllow: POOL_KEYS.egressAllow.initial,
    antiSpoof: POOL_KEYS.antiSpoof.initial,
    isolation: POOL_KEYS.isolation.initial,
    flood: POOL_KEYS.flood.initial,
    rateInBits: null,
    rateOutBits: null,
    maxConnections: POOL_KEYS.maxConnections.initial,
    maxConnectionsPerSecond: POOL_KEYS.maxConnectionsPerSecond.initial,
    interfaceName: POOL_KEYS.interfaceName.initial,
    routes: [],
    sysctls: {},
    mountDns: POOL_KEYS.mountDns.initial,
    dns: { servers: [], search: [], options: [] },
  };
}

/** The names of keys, in the order of their table. */
export function namesOf(keys: Record<string, Key<unknown>>): string[] {
  return Object.values(keys).map(({ name }) => name);
}

/** The names of keys by their former names. */
function formerNames(keys: Record<string, Key<unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.values(keys).flatMap(({ name, formerName }) => (formerName ? [[formerName, name]] : [])),
  );
}

/** Reads the table `[pools]`. Throws `config_invalid`, and `subnet_overlap` if two pools share addresses. */
export function readPools(pools: Section): PoolConfig[] {
  const read = pools.names().map((name) => {
    if (!POOL_NAME.test(name)) pools.refuse(name, `invalid name of a pool, allowed: ${POOL_NAME_ALLOWED}`);
    const section = pools.section(name) as Section;
    return { section, pool: readPool(name, section) };
  });
  for (const [index, { section, pool }] of read.entries()) {
    const other = read
      .slice(0, index)
      .find((earlier) => overlap(earlier.pool, pool) || overlap6(earlier.pool, pool))?.pool;
    if (other === undefined) continue;
    const key = overlap(other, pool) ? 'subnet' : 'subnet6';
    const problem = `${pool[key]} overlaps ${other[key]} of pool ${other.name}: give one of them another ${key}`;
    section.refuse(POOL_KEYS[key].name, problem, 'subnet_overlap');
  }
  return read.map(({ pool }) => pool);
}

function overlap(a: PoolConfig, b: PoolConfig): boolean {
  return subnetsOverlap(parseSubnet(a.subnet), parseSubnet(b.subnet));
}

function overlap6(a: PoolConfig, b: PoolConfig): boolean {
  return a.subnet6 !== null && b.subnet6 !== null && rangesOverlap(parseSubnet6(a.subnet6), parseSubnet6(b.subnet6));
}

function readPool(name: string, section: Section): PoolConfig {
  const dnsHome = `[pools.${name}.dns]`;
  const elsewhere = Object.fromEntries(namesOf(DNS_KEYS).map((key) => [key, dnsHome]));
  section.refuseUnknown([...namesOf(POOL_KEYS), 'dns', 'sysctls'], { elsewhere, renamed: formerNames(POOL_KEYS) });
  const network = readNetwork(name, section);
  const subnet6 = readSubnet6(section, network.mtuBytes);
  const walls = readWalls(section);
  return {
    name,
    ...network,
    ...readSize(section, network.subnet),
    subnet6,
    buildBatch: section.read(POOL_KEYS.buildBatch) ?? POOL_KEYS.buildBatch.initial,
    addressCooldownSeconds: section.read(POOL_KEYS.addressCooldownSeconds) ?? POOL_KEYS.addressCooldownSeconds.initial,
    recycle: section.read(POOL_KEYS.recycle) ?? POOL_KEYS.recycle.initial,
    unknownSpec: section.read(POOL_KEYS.unknownSpec) ?? POOL_KEYS.unknownSpec.initial,
    sizing: section.read(POOL_KEYS.sizing) ?? POOL_KEYS.sizing.initial,
    idleSeconds: section.read(POOL_KEYS.idleSeconds) ?? POOL_KEYS.idleSeconds.initial,
    goneAfterSeconds: section.read(POOL_KEYS.goneAfterSeconds) ?? POOL_KEYS.goneAfterSeconds.initial,
    unusedAfterSeconds: section.read(POOL_KEYS.unusedAfterSeconds) ?? POOL_KEYS.unusedAfterSeconds.initial,
    ...readPublish(section),
    hostAccess: section.read(POOL_KEYS.hostAccess) ?? POOL_KEYS.hostAccess.initial,
    egressDeny: section.read(POOL_KEYS.egressDeny) ?? POOL_KEYS.egressDeny.initial,
    egressAllow: section.read(POOL_KEYS.egressAllow) ?? POOL_KEYS.egressAllow.initial,
    ...walls,
    ...readConnections(section),
    rateInBits: parseRate(section.read(POOL_KEYS.rateInBits)) ?? null,
    rateOutBits: parseRate(section.read(POOL_KEYS.rateOutBits)) ?? null,
    interfaceName: section.read(POOL_KEYS.interfaceName) ?? POOL_KEYS.interfaceName.initial,
    routes: readRoutes(section, { ...network, ...walls, subnet6 }),
    sysctls: readSysctls(section, { hasIpv6: subnet6 !== null }),
    mountDns: section.read(POOL_KEYS.mountDns) ?? POOL_KEYS.mountDns.initial,
    dns: readDns(section.section('dns')),
  };
}

type NetworkConfig = Pick<PoolConfig, 'subnet' | 'subnetFile' | 'mtuBytes' | 'masquerade' | 'masqueradeExcept'>;

/** What the section says goes before what the node's file says, and that before the defaults. */
function readNetwork(name: string, section: Section): NetworkConfig {
  const subnetFile = section.read(POOL_KEYS.subnetFile) ?? POOL_KEYS.subnetFile.initial;
  const node = subnetFile === '' ? null : readNodeNetwork(section, subnetFile);
  const subnet = section.read(POOL_KEYS.subnet) ?? node?.subnet ?? (name === DEFAULT_POOL ? DEFAULT_SUBNET : null);
  if (subnet === null) {
    section.refuse(null, `no subnet: add subnet = "NETWORK/BITS" (only the pool ${DEFAULT_POOL} has a default)`);
  }
  const masquerade = node?.isMasqueraded == null ? POOL_KEYS.masquerade.initial : !node.isMasqueraded;
  return {
    subnet,
    subnetFile,
    mtuBytes: section.read(POOL_KEYS.mtuBytes) ?? node?.mtuBytes ?? POOL_KEYS.mtuBytes.initial,
    masquerade: section.read(POOL_KEYS.masquerade) ?? masquerade,
    masqueradeExcept:
      section.read(POOL_KEYS.masqueradeExcept) ?? node?.clusterNetworks ?? POOL_KEYS.masqueradeExcept.initial,
  };
}

function readNodeNetwork(section: Section, path: string): NodeNetwork {
  let node: NodeNetwork;
  try {
    node = readSubnetFile(path);
  } catch (error) {
    return section.refuse(POOL_KEYS.subnetFile.name, (error as Error).message);
  }
  if (!section.has(POOL_KEYS.subnet.name) && !POOL_KEYS.subnet.accepts(node.subnet))
    section.refuse(POOL_KEYS.subnetFile.name, `${path} has ${node.subnet}, allowed: ${POOL_KEYS.subnet.allowed}`);
  return node;
}

/** The pool's size. A default gives way to what is set: with `max = 4`, `min_ready` is 4. */
function readSize(section: Section, subnet: string): Pick<PoolConfig, 'minReady' | 'max'> {
  const capacity = endpointCapacity(parseSubnet(subnet));
  const max = section.read(POOL_KEYS.max) ?? Math.min(POOL_KEYS.max.initial, capacity);
  const minReady = section.read(POOL_KEYS.minReady) ?? Math.min(POOL_KEYS.minReady.initial, max);
  if (max > capacity) {
    const room = `${subnet} has ${capacity} addresses for endpoints`;
    section.refuse(POOL_KEYS.max.name, `larger than the subnet: found ${max}, but ${room}`);
  }
  if (minReady > max) {
    const known = section.has(POOL_KEYS.max.name) ? 'max' : 'the default of max';
    section.refuse(POOL_KEYS.minReady.name, `found ${minReady}, allowed: an integer from 0 to ${known} (${max})`);
  }
  return { minReady, max };
}

/** A link with a smaller MTU has no IPv6 (RFC 8200, 5). */
const SMALLEST_MTU_6 = 1280;

function readSubnet6(section: Section, mtuBytes: PoolConfig['mtuBytes']): PoolConfig['subnet6'] {
  const subnet6 = section.read(POOL_KEYS.subnet6) ?? POOL_KEYS.subnet6.initial;
  if (subnet6 !== null && mtuBytes !== 'auto' && mtuBytes < SMALLEST_MTU_6)
    section.refuse(POOL_KEYS.mtuBytes.name, `found ${mtuBytes}, but IPv6 (subnet6) needs ${SMALLEST_MTU_6}`);
  return subnet6;
}

function readWalls(section: Section): Pick<PoolConfig, 'antiSpoof' | 'isolation' | 'flood'> {
  const antiSpoof = section.read(POOL_KEYS.antiSpoof) ?? POOL_KEYS.antiSpoof.initial;
  const isolation = section.read(POOL_KEYS.isolation) ?? POOL_KEYS.isolation.initial;
  if (isolation === 'tenant' && !antiSpoof)
    section.refuse(
      POOL_KEYS.isolation.name,
      'found "tenant" with anti_spoof = false, by which a container could pose as one of another tenant: set anti_spoof = true',
    );
  const flood = section.read(POOL_KEYS.flood) ?? POOL_KEYS.flood.initial;
  if (flood && isolation !== 'none')
    section.refuse(
      POOL_KEYS.flood.name,
      `found true with isolation = "${isolation}", by which containers do not reach each other: set one or the other`,
    );
  return { antiSpoof, isolation, flood };
}

function readConnections(section: Section): Pick<PoolConfig, 'maxConnections' | 'maxConnectionsPerSecond'> {
  const [most, perSecond] = [POOL_KEYS.maxConnections, POOL_KEYS.maxConnectionsPerSecond];
  for (const { name } of [most, perSecond])
    if (section.has(name) && section.read(POOL_KEYS.antiSpoof) === false)
      section.refuse(name, 'is set with anti_spoof = false, by which a container has as many addresses as it wants');
  return {
    maxConnections: section.read(most) ?? most.initial,
    maxConnectionsPerSecond: section.read(perSecond) ?? perSecond.initial,
  };
}

function readPublish(section: Section): Pick<PoolConfig, 'publish' | 'publishRange'> {
  const publish = (section.read(POOL_KEYS.publish) ?? []).map(
    (text) => parseContainerPort(text) as PoolConfig['publish'][number],
  );
  const range = section.read(POOL_KEYS.publishRange) ?? POOL_KEYS.publishRange.initial;
  const twice = publish.find((one, at) =>
    publish.slice(0, at).some(({ port, protocol }) => port === one.port && protocol === one.protocol),
  );
  if (twice !== undefined) section.refuse(POOL_KEYS.publish.name, `${twice.port}/${twice.protocol} stands there twice`);
  return { publish, publishRange: parsePortRange(range) as PoolConfig['publishRange'] };
}

function readDns(section: Section | undefined): PoolConfig['dns'] {
  section?.refuseUnknown(namesOf(DNS_KEYS));
  return {
    servers: section?.read(DNS_KEYS.servers) ?? DNS_KEYS.servers.initial,
    search: section?.read(DNS_KEYS.search) ?? DNS_KEYS.search.initial,
    options: section?.read(DNS_KEYS.options) ?? DNS_KEYS.options.initial,
  };
}
