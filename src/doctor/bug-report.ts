import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uplinkPrefix } from '../endpoint/hub/hub-names.js';
import { NetnsdError } from '../errors.js';
import { NetlinkSocket } from '../kernel/netlink/netlink-socket.js';
import { inside, NetnsHandle } from '../kernel/netns/netns.js';
import { VAULT_HUBS, VAULT_LINK } from '../kernel/netns/vault-layout.js';
import { linkDump, parseLink } from '../kernel/rtnetlink/link.js';
import type { EndpointStatus } from '../pool/index.js';
import { ENDPOINT_STATES } from '../pool/index.js';
import { askDaemon, type DaemonClient } from './daemon-view.js';
import type { Machine } from './machine.js';
import { type Place, readMachine } from './read-machine.js';
import { reportOn } from './report.js';

/** How many of the endpoints that changed last are asked for their events, and how many events the report has. */
const NEWEST_ENDPOINTS = 50;
const NEWEST_EVENTS = 200;
/** Links of one hub that are listed. */
const LISTED_LINKS = 20;
/** Values that may tell whom the machine serves; equal ones stay equal. */
const PRIVATE_KEYS: ReadonlySet<string> = new Set(['tenant', 'containerId', 'container']);

/** The calls of the daemon's client that a report needs. */
export interface ReportClient extends DaemonClient {
  endpoint(id: string): Promise<EndpointStatus>;
}

/**
 * Collects what a bug report needs in one file, JSON, readable by root only: versions, configuration, status, doctor's checks, links,
 * rules for forwarded packets, and the newest events. Changes nothing. Names of containers and tenants are replaced by digests.
 * Throws bad_usage where the file is there already.
 */
export async function writeBugReport(options: Place & { client: ReportClient; file: string }): Promise<void> {
  const { client, file, ...place } = options;
  const report = await collectBugReport({ ...place, client });
  try {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new NetnsdError('bad_usage', `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

export async function collectBugReport({ client, ...place }: Place & { client: ReportClient }): Promise<object> {
  const daemon = await askDaemon(client, { fix: false });
  const machine = await readMachine(place, daemon);
  const { checks, findings } = reportOn(machine);
  const report = {
    time: new Date().toISOString(),
    versions: versionsOf(machine),
    place,
    configuration: machine.config.ok ? machine.config.value : { error: machine.config.error.message },
    status: daemon.answers ? daemon.status : { error: daemon.why },
    doctor: checks,
    findings,
    records: recordsOf(machine),
    links: linksOf(machine),
    hubs: hubsOf(machine),
    rules: rulesOf(machine),
    events: await eventsOf(machine, client),
  };
  return withoutNames(report) as object;
}

function versionsOf({ version, node, kernel, files, daemon }: Machine): object {
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec(files.text('/etc/os-release') ?? '')?.[1];
  return {
    netnsd: version,
    daemon: daemon.answers ? daemon.status.version : null,
    node,
    kernel,
    system: system ?? null,
  };
}

/** How many there are in each state. */
function recordsOf({ files, place }: Machine): object {
  return Object.fromEntries(ENDPOINT_STATES.map((state) => [state, files.names(join(place.stateDir, state)).length]));
}

/** netnsd's links in the host in full; of others their names and kinds. */
function linksOf({ network, site }: Machine): object {
  if (!network.ok) return { error: network.error.message };
  const { links, addresses, routes } = network.value;
  const own = links.filter(({ name }) => name.startsWith(uplinkPrefix(site)));
  return {
    own: own.map((link) => ({
      ...link,
      addresses: addresses
        .filter(({ linkIndex }) => linkIndex === link.index)
        .map(({ address, prefixLength }) => `${[...address].join('.')}/${prefixLength}`),
      routes: routes
        .filter(({ linkIndex }) => linkIndex === link.index)
        .map(({ destination, prefixLength, table }) => `${[...destination].join('.')}/${prefixLength} table ${table}`),
    })),
    others: links.filter((link) => !own.includes(link)).map(({ name, kind, up }) => ({ name, kind, up })),
  };
}

function hubsOf({ files, place }: Machine): object {
  const link = files.link(join(place.stateDir, VAULT_LINK)) ?? '';
  if (!/^\/proc\/\d+\/root\/netns$/.test(link)) return {};
  const folder = join(link, '..', VAULT_HUBS);
  return Object.fromEntries(files.names(folder).map((name) => [name, hubOf(`${folder}/${name}`)]));
}

function hubOf(path: string): object {
  try {
    using home = NetnsHandle.open();
    using namespace = NetnsHandle.open(path);
    using socket = inside({ namespace, home, act: () => NetlinkSocket.open() });
    const links = socket.dumpNow(linkDump()).map(parseLink);
    return { links: links.length, first: links.slice(0, LISTED_LINKS) };
  } catch (error) {
    if (!(error instanceof NetnsdError)) throw error;
    return { error: error.message };
  }
}

function rulesOf({ firewall }: Machine): unknown {
  if (firewall === undefined) return { error: 'nftables is not loaded' };
  return firewall.ok ? firewall.value : { error: firewall.error.message };
}

/** Of the endpoints whose records changed last. */
async function eventsOf({ files, place, daemon }: Machine, client: ReportClient): Promise<unknown> {
  if (!daemon.answers) return { error: daemon.why };
  const records = ENDPOINT_STATES.flatMap((state) =>
    files.names(join(place.stateDir, state)).map((name) => ({
      id: name.replace(/\.json$/, ''),
      changedMs: files.stats(join(place.stateDir, state, name))?.mtimeMs ?? 0,
    })),
  );
  const newest = records.sort((a, b) => b.changedMs - a.changedMs).slice(0, NEWEST_ENDPOINTS);
  const events = [];
  for (const { id } of newest) {
    try {
      events.push(...(await client.endpoint(id)).events);
    } catch (error) {
      // It has gone meanwhile.
      if (!(error instanceof NetnsdError)) throw error;
    }
  }
  return events.sort((a, b) => a.time.localeCompare(b.time)).slice(-NEWEST_EVENTS);
}

function withoutNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNames);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      PRIVATE_KEYS.has(key) && typeof inner === 'string' ? digestOf(inner) : withoutNames(inner),
    ]),
  );
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
