import { portSteps } from '../build/steps.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import { rootPortName, uplinkName } from '../hub/hub-names.js';
import { transactAll } from '../hub/socket-request.js';
import type { HubLook } from '../hub/sound-hubs.js';
import type { EndpointName, Site } from '../types.js';
import type { Network } from './network.js';
import {
  type ExpectedHub,
  type ExpectedNetwork,
  findNetworkFaults,
  type NetworkFault,
  withoutFollowing,
} from './network-faults.js';
import { type HubSeen, type NetworkSeen, seeShell, seeUplink } from './network-seen.js';

/** A fault that was found, and what became of it. */
export interface NetworkFinding extends NetworkFault {
  readonly pool: string;
  /** `found`: no repair was asked for. `failed`: it is still there, see `error`. */
  readonly outcome: 'found' | 'repaired' | 'failed';
  /** Why it could not be repaired. */
  readonly error: string | null;
}

interface RepairOptions {
  readonly host: Host;
  readonly site: Site;
  readonly network: Network;
  /** Those of the pool that are ready or leased; only those that are in a hub are checked. */
  readonly endpoints: readonly EndpointName[];
  readonly fix: boolean;
}

/**
 * Finds what was changed about the uplink and the hubs of a pool and the links in them, and with `fix` repairs it by the same
 * requests that made them; endpoints' namespaces are not touched, so containers keep their leases. The outcome is that of a
 * second reading.
 */
export async function repairNetwork(options: RepairOptions): Promise<NetworkFinding[]> {
  const { network, fix } = options;
  const pool = network.settings.name;
  if ((await read(options)).faults.length === 0) return [];
  // What is repaired may take along what nothing was wrong with: all of it is looked at.
  network.soundHubs.clear();
  const { faults, seen } = await read(options);
  if (!fix) return withoutFollowing(faults).map((fault) => ({ ...fault, pool, outcome: 'found', error: null }));
  let error: string | null = null;
  try {
    const ofHub = faults.some(({ endpoint }) => endpoint === null);
    if (ofHub) network.restore();
    // A port of a bridge that was made anew, or was down, showed no fault before the bridge was repaired.
    const broken = new Set(faults.map(({ endpoint }) => endpoint));
    attachAgain(options, { seen, isWanted: ({ id }) => ofHub || broken.has(id) });
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const left = new Set((await read(options)).faults.map(({ link }) => link));
  return withoutFollowing(faults).map((fault) =>
    left.has(fault.link)
      ? { ...fault, pool, outcome: 'failed', error: error ?? 'it was changed again at once' }
      : { ...fault, pool, outcome: 'repaired', error: null },
  );
}

/** Looks at what may have changed since the last look that found no fault. */
async function read(options: RepairOptions): Promise<{ seen: NetworkSeen; faults: NetworkFault[] }> {
  const { host, site, network } = options;
  const { root, soundHubs } = network;
  const uplink = await seeUplink(host, uplinkName(site, network.settings.name));
  const mounted = host.vault.hubs();
  const looks = looksAt(options, uplink.uplink);
  const changed = [...looks].filter(([hub, look]) => {
    const shell = seeShell(hub, { mounted, walls: network.walls });
    return !shell.mounted || !shell.walled || shell.filtersFrames || !soundHubs.has(hub, look);
  });
  // Each hub is compared with its port of the root hub, and each endpoint with its entries there.
  const isRootSeen = root !== null && changed.length > 0;
  const hubs = new Map<string, HubSeen>();
  for (const hub of new Set([...(isRootSeen ? [root] : []), ...changed.map(([hub]) => hub)]))
    hubs.set(hub.name, {
      ...seeShell(hub, { mounted, walls: network.walls }),
      ...(await hub.view.links()),
      ...(await hub.view.entries()),
    });
  const seen = { ...uplink, hubs };
  const faults = findNetworkFaults(seen, expect(options, new Set(changed.map(([hub]) => hub))));
  if (faults.length === 0) for (const [hub, look] of changed) soundHubs.add(hub, look);
  if (faults.length === 0) for (const hub of looks.keys()) hub.view.forgetEntries();
  return { seen, faults };
}

/** All hubs, and which endpoints are compared there. */
function looksAt({ network, endpoints }: RepairOptions, uplink: HubLook['uplink']): Map<Hub, HubLook> {
  const ids = new Map<Hub, string[]>(network.allHubs.map((hub) => [hub, []]));
  for (const { id } of endpoints) {
    const port = network.portOf(id);
    if (port !== undefined) ids.get(port.hub)?.push(id);
  }
  return new Map(
    Array.from(ids, ([hub, own]) => [hub, { version: hub.view.version, uplink, endpoints: own }] as const),
  );
}

/** In one turn with what is done about them: an endpoint that is destroyed meanwhile is forgotten after, in the same socket. */
function expect({ site, network, endpoints }: RepairOptions, changed: ReadonlySet<Hub>): ExpectedNetwork {
  const uplink = uplinkName(site, network.settings.name);
  const described = new Map<Hub, ExpectedHub>();
  const describe = (hub: Hub, end: string): ExpectedHub => {
    const expected = { name: hub.name, bridgeIndex: hub.bridgeIndex, end };
    described.set(hub, expected);
    return expected;
  };
  const root = network.root === null ? null : describe(network.root, uplink);
  const hubs = network.hubs.map((hub, number) => describe(hub, root === null ? uplink : rootPortName(number)));
  const isRootChanged = network.root !== null && changed.has(network.root);
  const ports = endpoints.flatMap((name) => {
    const port = network.portOf(name.id);
    if (port === undefined || !(isRootChanged || changed.has(port.hub))) return [];
    const hub = changed.has(port.hub) ? (described.get(port.hub) as ExpectedHub) : null;
    const above = port.root === null || root === null ? null : { hub: root, portIndex: port.root.portIndex };
    return [{ plan: network.planOf(name), hub, root: above }];
  });
  return { subnets: network.subnets, uplink, root, hubs, ports, walls: network.walls.ports };
}

function attachAgain(
  { network, endpoints }: RepairOptions,
  { seen, isWanted }: { seen: NetworkSeen; isWanted: (name: EndpointName) => boolean },
): void {
  const requests = endpoints.filter(isWanted).flatMap((name) => {
    const port = network.portOf(name.id);
    const plan = network.planOf(name);
    const hostIndex = port && seen.hubs.get(port.hub.name)?.links.get(plan.hostName)?.index;
    return port === undefined || hostIndex === undefined ? [] : portSteps({ plan, port, hostIndex });
  });
  // One that fails is of an endpoint that has just gone, or is found by the second reading.
  transactAll(requests);
}
