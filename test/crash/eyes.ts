import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const STATES = ['building', 'ready', 'leased', 'dirty', 'broken', 'destroying'];
const SETTLED_FILES = [
  'lock',
  'sequence',
  'cooldowns',
  'site.json',
  'host.json',
  'netns',
  'vault',
  'set-aside',
  'shelf',
  ...STATES,
];

/** One endpoint, by its record and by what the kernel has of it. */
export interface SeenEndpoint {
  readonly id: string;
  readonly state: string;
  readonly leaseId: string | null;
  readonly containerId: string | null;
  readonly path: string;
  readonly address: string;
}

interface IpLink {
  ifname: string;
  ifalias?: string;
  master?: string;
  operstate: string;
  flags: string[];
  addr_info?: { family: string; local: string; prefixlen: number }[];
}

/** Prints, a line each: links of the host; of the hub, and its permanent neighbours; then path, links and routes of each namespace. */
const LOOK = `
ip -j -d link
hub="$1/../hubs/default.0"
nsenter --net="$hub" ip -j -d link; nsenter --net="$hub" ip -j neigh show nud permanent
for file in "$1"/*; do
  [ -e "$file" ] || continue
  echo "$file"
  nsenter --net="$file" ip -j address; nsenter --net="$file" ip -j route
done`;

/**
 * Looks at a state directory and at what bears its mark, by iproute2, /proc and the files themselves, never by the
 * product's own readers. Returns what stands, and every deviation from: each endpoint is ready or leased, whole and
 * reachable, and nothing else is there.
 */
export async function look(stateDir: string): Promise<{ endpoints: SeenEndpoint[]; wrong: string[] }> {
  const wrong: string[] = [];
  const endpoints = records(stateDir, wrong);
  const netnsDir = join(stateDir, 'netns');
  const { instanceId: instance, identity } = JSON.parse(readFileSync(join(stateDir, 'site.json'), 'utf8')) as {
    instanceId: string;
    identity: string;
  };
  const { stdout } = await promisify(execFile)('bash', ['-c', LOOK, 'bash', netnsDir], { maxBuffer: 1 << 24 });
  const [host = '[]', links = '[]', neighbours = '[]', ...insides] = stdout.trimEnd().split('\n');
  judgeHost({ instance, wrong, links: JSON.parse(host) as IpLink[] });
  judgeLinks({ instance, identity, endpoints, wrong, links: JSON.parse(links) as IpLink[] });
  judgeNeighbours({ endpoints, wrong, neighbours: JSON.parse(neighbours) });
  judgeMounts({ stateDir, endpoints, wrong });
  judgeShelf({ stateDir, endpoints, wrong });
  for (const { id, path, address } of endpoints) {
    const at = insides.indexOf(path);
    const [inside, routes] = [insides[at + 1], insides[at + 2]];
    // Where an endpoint goes while it is looked at, ip(8) prints nothing.
    if (at < 0 || !inside?.startsWith('[') || !routes?.startsWith('[')) wrong.push(`${id}: its namespace is not there`);
    else judgeInside({ id, address, wrong, links: JSON.parse(inside), routes: JSON.parse(routes) });
  }
  await judgeReach(endpoints, wrong);
  return { endpoints, wrong };
}

/** The records, read as what they are: JSON in folders. */
function records(stateDir: string, wrong: string[]): SeenEndpoint[] {
  const seen: SeenEndpoint[] = [];
  for (const name of readdirSync(stateDir)) if (!SETTLED_FILES.includes(name)) wrong.push(`a file ${name} is left`);
  for (const state of STATES) {
    // A foreign file stays where it could not be set aside, until the next start: it is no trace of netnsd's.
    for (const name of readdirSync(join(stateDir, state)).filter((one) => /^\.|\.json$/.test(one))) {
      const record = JSON.parse(readFileSync(join(stateDir, state, name), 'utf8') || 'null');
      if (state !== 'ready' && state !== 'leased') wrong.push(`${state}/${name} is neither ready nor leased`);
      if (record?.state !== state || `${record?.id}.json` !== name) wrong.push(`${state}/${name} says something else`);
      else if (record.facts === null) wrong.push(`${state}/${name} has no facts`);
      else
        seen.push({
          id: record.id,
          state,
          leaseId: record.lease?.id ?? null,
          containerId: record.lease?.containerId ?? null,
          path: record.facts.netns.path,
          address: record.facts.addresses[0].address,
        });
    }
  }
  for (const what of ['id', 'path', 'address'] as const) {
    if (new Set(seen.map((one) => one[what])).size < seen.length) wrong.push(`two endpoints have one ${what}`);
  }
  return seen;
}

/** One uplink, and nothing else of this daemon. */
function judgeHost({ instance, wrong, links }: { instance: string; wrong: string[]; links: IpLink[] }): void {
  const uplinks = links.filter(({ ifname }) => ifname.startsWith(`nb${instance}-`));
  if (uplinks.length !== 1) wrong.push(`${uplinks.length} uplinks: ${uplinks.map(({ ifname }) => ifname)}`);
  for (const { ifname, flags } of uplinks)
    if (!flags.includes('LOWER_UP')) wrong.push(`uplink ${ifname} is not up: ${flags}`);
  for (const { ifname } of links) if (!/^(lo|nb[a-z2-7]{4}-[^.]*)$/.test(ifname)) wrong.push(`a link ${ifname}`);
}

/** Those in the hub. */
function judgeLinks(seen: {
  instance: string;
  identity: string;
  endpoints: SeenEndpoint[];
  wrong: string[];
  links: IpLink[];
}): void {
  const { instance, identity, endpoints, wrong, links } = seen;
  for (const { ifname } of links)
    if (!/^(lo|bridge|uplink)$/.test(ifname) && !ifname.startsWith(`nd${instance}-`)) wrong.push(`a link ${ifname}`);
  const ends = links.filter(({ ifname }) => ifname.startsWith(`nd${instance}-`));
  const aliases = new Map(endpoints.map(({ id }) => [`netnsd ${id} ${identity}`, id]));
  for (const { ifname, ifalias = '', master, flags } of ends) {
    if (!aliases.delete(ifalias)) wrong.push(`link ${ifname} (${ifalias}) belongs to no endpoint, or is its second`);
    if (master !== 'bridge') wrong.push(`link ${ifname} is no port of the bridge`);
    if (!flags.includes('UP') || !flags.includes('LOWER_UP')) wrong.push(`link ${ifname} is not up: ${flags}`);
  }
  for (const id of aliases.values()) wrong.push(`${id} has no link in the hub`);
}

function judgeNeighbours(seen: {
  endpoints: SeenEndpoint[];
  wrong: string[];
  neighbours: { dst: string; dev: string }[];
}): void {
  const { endpoints, wrong, neighbours } = seen;
  const own = neighbours.map(({ dst }) => dst).filter((dst) => !dst.endsWith('.0.1'));
  const wanted = endpoints.map(({ address }) => address.split('/')[0] as string);
  for (const dst of own) if (!wanted.includes(dst)) wrong.push(`a neighbour ${dst} of no endpoint`);
  for (const dst of wanted) if (!own.includes(dst)) wrong.push(`no neighbour ${dst}`);
}

/** In the host the folder of the pin and the pin; in the vault a mount and a path for each endpoint, and no other. */
function judgeMounts(seen: { stateDir: string; endpoints: SeenEndpoint[]; wrong: string[] }): void {
  const { stateDir, endpoints, wrong } = seen;
  const points = mountPoints('/proc/thread-self/mountinfo').filter((point) => point.startsWith(`${stateDir}/`));
  const pins = ['vault', 'vault/mnt'].map((name) => join(stateDir, name));
  if (points.join() !== pins.join()) wrong.push(`mounted in the host: ${points}; wanted: ${pins}`);
  const resident = readlinkSync(join(stateDir, 'netns')).split('/')[2];
  const mounted = mountPoints(`/proc/${resident}/mountinfo`).filter((point) => point !== '/' && point !== '/proc');
  const wanted = [...endpoints.map(({ id }) => `/ns/${id}`), '/hubs/default.0'].sort();
  if (mounted.sort().join() !== wanted.join()) wrong.push(`mounted in the vault: ${mounted}; wanted: ${wanted}`);
  for (const file of readdirSync(`${stateDir}/netns/../ns`))
    if (!wanted.includes(`/ns/${file}`)) wrong.push(`a mount point ${file} of no endpoint`);
  const paths = endpoints.map(({ path }) => path);
  for (const name of readdirSync(`${stateDir}/netns/`))
    if (!paths.includes(join(stateDir, 'netns', name))) wrong.push(`a path ${name} of no endpoint`);
}

function mountPoints(mountinfo: string): string[] {
  const lines = readFileSync(mountinfo, 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '');
}

/** At rest each entry and each mark is a lease's, and an offer is of a ready endpoint. */
function judgeShelf(seen: { stateDir: string; endpoints: SeenEndpoint[]; wrong: string[] }): void {
  const { stateDir, endpoints, wrong } = seen;
  const names = (...path: string[]) => readdirSync(join(stateDir, 'shelf', ...path));
  const holders = endpoints.filter(({ state }) => state === 'leased').map(({ containerId }) => containerId);
  for (const place of ['taken', 'returned']) for (const key of names(place)) wrong.push(`${place}/${key} is left`);
  for (const place of ['standing', 'holders'])
    for (const key of names(place)) if (!holders.includes(key)) wrong.push(`${place}/${key} is no lease's`);
  const ready = endpoints.filter(({ state }) => state === 'ready').map(({ id }) => id);
  const offers = readdirSync(join(stateDir, 'shelf', 'offers', 'default'), { recursive: true, encoding: 'utf8' });
  for (const path of offers.filter((name) => /^unused\/.|^used\/.+\/./.test(name))) {
    const id = path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'));
    if (!ready.includes(id)) wrong.push(`${id} is offered and not ready`);
  }
}

function judgeInside(seen: {
  id: string;
  address: string;
  wrong: string[];
  links: IpLink[];
  routes: { dst: string; gateway?: string }[];
}): void {
  const { id, address, wrong, links, routes } = seen;
  if (links.map(({ ifname }) => ifname).join() !== 'lo,eth0')
    wrong.push(`${id} has links ${links.map((l) => l.ifname)}`);
  for (const { ifname, flags, addr_info = [] } of links) {
    if (!flags.includes('UP')) wrong.push(`${id}: ${ifname} is down`);
    const inet = addr_info.filter(({ family }) => family === 'inet').map((one) => `${one.local}/${one.prefixlen}`);
    const want = ifname === 'lo' ? '127.0.0.1/8' : address;
    if (inet.join() !== want) wrong.push(`${id}: ${ifname} has ${inet}, not ${want}`);
  }
  if (!routes.some(({ dst, gateway }) => dst === 'default' && gateway !== undefined))
    wrong.push(`${id}: no default route`);
}

async function judgeReach(endpoints: readonly SeenEndpoint[], wrong: string[]): Promise<void> {
  const script = 'for a in "$@"; do busybox ping -q -c1 -W10 "$a" >/dev/null || echo "$a" & done; wait';
  const addresses = endpoints.map(({ address }) => address.split('/')[0] as string);
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...addresses]);
  for (const address of stdout.split('\n').filter(Boolean)) wrong.push(`${address} does not answer`);
}

/** Descriptors of namespaces that a process holds, and how many it has in all. */
export function descriptors(pid: number): { namespaces: number; all: number } {
  // What a link of /proc/PID/fd is called depends on how the namespace was opened.
  const nsfs = statSync('/proc/self/ns/net').dev;
  const devices = readdirSync(`/proc/${pid}/fd`).flatMap(
    (fd) => statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })?.dev ?? [],
  );
  return { namespaces: devices.filter((device) => device === nsfs).length, all: devices.length };
}
