import { portRequests } from '../build/steps.js';
import type { Host } from '../host.js';
import { bridgeName } from '../plan.js';
import type { EndpointName, Site } from '../types.js';
import type { Network } from './network.js';
import { type ExpectedPort, FOLLOWING, findNetworkFaults, type NetworkFault } from './network-faults.js';
import { type NetworkSeen, seeNetwork } from './network-seen.js';

/** A fault that was found, and what became of it. */
export interface NetworkFinding extends NetworkFault {
  readonly pool: string;
  /** `found`: no repair was asked for. `failed`: it is still there, see `error`. */
  readonly outcome: 'found' | 'repaired' | 'failed';
  /** Why it could not be repaired. */
  readonly error: string | null;
}

/**
 * Finds what was changed about the bridges of a pool and the links on them, and with `fix` repairs it by the same requests
 * that made them; namespaces are not touched, so containers keep their leases. `endpoints` are those of the pool that are
 * ready or leased; only those that hold a port are checked. The outcome is that of a second reading.
 */
export async function repairNetwork(options: {
  host: Host;
  site: Site;
  network: Network;
  endpoints: readonly EndpointName[];
  fix: boolean;
}): Promise<NetworkFinding[]> {
  const { host, network, fix } = options;
  const pool = network.settings.name;
  const { faults, seen } = await read(options);
  if (faults.length === 0) return [];
  if (!fix) return shown(faults).map((fault) => ({ ...fault, pool, outcome: 'found', error: null }));
  let error: string | null = null;
  try {
    const ofBridge = faults.some(({ endpoint }) => endpoint === null);
    if (ofBridge) network.restore();
    // A port of a bridge that was made anew, or was down, showed no fault before the bridge was repaired.
    const broken = new Set(faults.map(({ endpoint }) => endpoint));
    const again = expectedPorts(options).filter(({ plan }) => ofBridge || broken.has(plan.name.id));
    attachAgain(host, again, seen);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const left = new Set((await read(options)).faults.map(({ link }) => link));
  return shown(faults).map((fault) =>
    left.has(fault.link)
      ? { ...fault, pool, outcome: 'failed', error: error ?? 'it was changed again at once' }
      : { ...fault, pool, outcome: 'repaired', error: null },
  );
}

async function read(
  options: Parameters<typeof repairNetwork>[0],
): Promise<{ seen: NetworkSeen; faults: NetworkFault[] }> {
  const { host, site, network } = options;
  const { settings, bridgePlaces: places } = network;
  const bridges = places.map((index, place) => ({ name: bridgeName(site, settings.name, place), index }));
  const expected = expectedPorts(options).map(({ plan }) => plan.hostName);
  const seen = await seeNetwork(host, { bridges, expected });
  return { seen, faults: findNetworkFaults(seen, { site, settings, places, ports: expectedPorts(options) }) };
}

/** In one turn with what is done about them: an endpoint that is destroyed meanwhile is forgotten after, in the same socket. */
function expectedPorts({ network, endpoints }: Parameters<typeof repairNetwork>[0]): ExpectedPort[] {
  return endpoints.flatMap((name) => {
    const port = network.portOf(name.id);
    return port === undefined ? [] : [{ plan: network.planOf(name), port }];
  });
}

function attachAgain(host: Host, ports: readonly ExpectedPort[], { links }: NetworkSeen): void {
  const requests = ports.flatMap(({ plan, port }) => {
    const hostIndex = links.get(plan.hostName)?.index;
    return hostIndex === undefined ? [] : portRequests(plan, port, hostIndex);
  });
  // One that fails is of an endpoint that has just gone, or is found by the second reading.
  host.socket.transact(requests);
}

/** Without what may only follow from what was done to a bridge, which takes ports and neighbours along. */
function shown(faults: readonly NetworkFault[]): NetworkFault[] {
  if (faults.every(({ endpoint }) => endpoint !== null)) return [...faults];
  return faults.filter(({ endpoint, problem }) => endpoint === null || !FOLLOWING.includes(problem));
}
