import {
  ENDPOINT_STATES,
  type EndpointFacts,
  type EndpointRecord,
  type EndpointState,
  TRUSTS,
  type Trust,
} from '../record.js';

/** The format of a record's file; a file of any other version is set aside. */
export const RECORD_VERSION = 1;

/** `POOL-SEQ.json`; the id is the name's, so a file can only ever speak for the endpoint that it is named after. */
const FILE_NAME = /^([a-z0-9][a-z0-9-]{0,31}-(?:0|[1-9][0-9]{0,15}))\.json$/;
/** What a write leaves behind when it is cut short; holds nothing that counts. */
const TEMPORARY_NAME = /^\.[a-z0-9][a-z0-9-]*\.new$/;

export interface StoredRecord {
  readonly record: EndpointRecord;
  /** Grows with every write; of two files of one endpoint the later one counts. */
  readonly revision: number;
}

export function fileName(id: string): string {
  return `${id}.json`;
}

/** A name in the same folder, so that the rename touches one directory only. */
export function temporaryName(id: string): string {
  return `.${id}.new`;
}

export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

export function isEndpointId(id: string): boolean {
  return FILE_NAME.test(fileName(id));
}

export function encodeRecord({ record, revision }: StoredRecord): string {
  const { id, pool, index, seq, mac, state, facts, lease, tenant, reason } = record;
  const content = { version: RECORD_VERSION, revision, id, pool, index, seq, mac, state, facts, lease, tenant, reason };
  return `${JSON.stringify(content)}\n`;
}

/**
 * Reads a record's file; throws an Error that says what is wrong with it. Everything is checked, for what is in it
 * becomes paths and names of links in the hands of root.
 */
export function decodeRecord(
  text: string,
  file: { readonly name: string; readonly state: EndpointState },
): StoredRecord {
  const id = FILE_NAME.exec(file.name)?.[1];
  assert(id !== undefined, 'its name is no endpoint id');
  assert(text.length > 0, 'it is empty');
  const value: unknown = parse(text);
  assert(isObject(value), 'it is no JSON object');
  assert(value.version === RECORD_VERSION, `its version is ${JSON.stringify(value.version)}, not ${RECORD_VERSION}`);
  assert(isCount(value.revision), 'it has no revision');
  const { pool, index, seq, mac, state, facts, lease, tenant, reason } = value;
  assert(value.id === id, 'its id is not that of its name');
  assert(isText(pool) && isCount(seq) && id === `${pool}-${seq}`, 'its id is not that of its pool and number');
  assert(isCount(index), 'it has no index');
  assert(mac === undefined || (typeof mac === 'string' && MAC.test(mac)), 'its MAC is none');
  assert(
    ENDPOINT_STATES.includes(state as EndpointState) && state === file.state,
    'its state is not that of its folder',
  );
  assert(facts === null || isFacts(facts), 'its facts are incomplete');
  assert(lease === null || isTerms(lease), 'its lease is incomplete');
  assert(isTextOrNull(tenant), 'its tenant is no text');
  assert(isTextOrNull(reason), 'its reason is no text');
  assert((state === 'leased') === (lease !== null), 'it is leased without a lease, or has one without being leased');
  assert(facts !== null || (state !== 'ready' && state !== 'leased'), 'it is ready or leased without facts');
  const own = mac === undefined ? {} : { mac };
  const record = { id, pool, index, seq, ...own, state: file.state, facts, lease, tenant, reason } as EndpointRecord;
  return { record, revision: value.revision };
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is no JSON: truncated, or not written by netnsd');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextOrNull(value: unknown): boolean {
  return value === null || isText(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isFacts(value: unknown): value is EndpointFacts {
  if (!isObject(value)) return false;
  const { netns, interface: link, addresses, routes, publishedPorts, dns } = value;
  return (
    isObject(netns) &&
    isText(netns.path) &&
    netns.path.startsWith('/') &&
    isCount(netns.inode) &&
    isObject(link) &&
    [link.name, link.mac, link.hostName, link.hub ?? ''].every(isText) &&
    isCount(link.mtu) &&
    isListOf(addresses, (item) => isObject(item) && isText(item.address) && isText(item.gateway)) &&
    isListOf(routes, (item) => isObject(item) && isText(item.destination) && isText(item.gateway)) &&
    isListOf(publishedPorts, isPublishedPort) &&
    isObject(dns) &&
    [dns.servers, dns.search, dns.options].every((list) => isListOf(list, isText))
  );
}

function isPublishedPort(value: unknown): boolean {
  if (!isObject(value) || !(value.protocol === 'tcp' || value.protocol === 'udp')) return false;
  return isText(value.hostAddress) && isCount(value.hostPort) && isCount(value.containerPort);
}

function isTerms(value: unknown): boolean {
  if (!isObject(value) || !isText(value.id) || !/^[0-9a-f]{16}$/.test(value.id)) return false;
  const { containerId, tenant, trust, source, acquiredAt, expiresAt, dueMonotonicMs = null } = value;
  if (dueMonotonicMs !== null && !Number.isFinite(dueMonotonicMs)) return false;
  if (!isTextOrNull(containerId) || !isText(tenant) || !(source === 'warm' || source === 'cold')) return false;
  if (!TRUSTS.includes(trust as Trust)) return false;
  if (![undefined, 'awaited', 'seen'].includes(value.container as string | undefined)) return false;
  return (
    isTime(acquiredAt) &&
    (expiresAt === null || isTime(expiresAt)) &&
    isGraftOrNone(value.graft) &&
    isProcessOrNone(value.process)
  );
}

function isGraftOrNone(value: unknown): boolean {
  return value === undefined || (isObject(value) && isCount(value.inode) && isCount(value.pid));
}

function isProcessOrNone(value: unknown): boolean {
  return value === undefined || (isObject(value) && isCount(value.pid) && isCount(value.startTicks));
}

function isTime(value: unknown): boolean {
  return isText(value) && !Number.isNaN(Date.parse(value));
}
