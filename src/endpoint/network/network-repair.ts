import { portSteps } from '../build/steps.js';
import type { Host } from '../host.js';
import type { Hub } from '../hub/hub.js';
import { rootPortName, uplinkName } from '../hub/hub-names.js';
import { transactAll } from '../hub/socket-request.js';
import type { EndpointName, Site } from '../types.js';
import type { Network } from './network.js';
import {
  type ExpectedHub,
  type ExpectedNetwork,
  findNetworkFaults,
  type NetworkFault,
  withoutFollowing,
} from './network-faults.js';
import { type NetworkSeen, seeNetwork } from './network-seen.js';

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
  const { faults, seen } = await read(options);
  if (faults.length === 0) return [];
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

async function read(options: RepairOptions): Promise<{ seen: NetworkSeen; faults: NetworkFault[] }> {
  const { host, site, network, endpoints } = options;
  const { walls } = network;
  const names = new Map<Hub, string[]>(network.hubs.map((hub) => [hub, []]));
  if (network.root !== null)
    names.set(
      network.root,
      Array.from(network.hubs, (_, number) => rootPortName(number)),
    );
  for (const name of endpoints) {
    const port = network.portOf(name.id);
    if (port !== undefined) names.get(port.hub)?.push(network.planOf(name).hostName);
  }
  const hubs = [...names].map(([hub, expected]) => ({ hub, expected }));
  const seen = await seeNetwork({ host, uplink: uplinkName(site, network.settings.name), walls, hubs });
  return { seen, faults: findNetworkFaults(seen, expect(options)) };
}

/** In one turn with what is done about them: an endpoint that is destroyed meanwhile is forgotten after, in the same socket. */
function expect({ site, network, endpoints }: RepairOptions): ExpectedNetwork {
  const uplink = uplinkName(site, network.settings.name);
  const described = new Map<Hub, ExpectedHub>();
  const describe = (hub: Hub, end: string): ExpectedHub => {
    const expected = { name: hub.name, bridgeIndex: hub.bridgeIndex, end };
    described.set(hub, expected);
    return expected;
  };
  const root = network.root === null ? null : describe(network.root, uplink);
  const hubs = network.hubs.map((hub, number) => describe(hub, root === null ? uplink : rootPortName(number)));
  const ports = endpoints.flatMap((name) => {
    const port = network.portOf(name.id);
    const hub = port && described.get(port.hub);
    if (port === undefined || hub === undefined) return [];
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
