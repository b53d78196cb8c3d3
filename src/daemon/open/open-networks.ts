import type { Config } from '../../config/index.js';
import type { PortPlan } from '../../endpoint/network/published-ports.js';
import type { NetworkSettings } from '../../endpoint/types.js';
import { openPortPlans } from '../host/published-ports.js';

/** A bridge has 1 023 ports: one is the uplink. */
const ENDPOINTS_PER_HUB = 1000;

export interface PlannedNetworks {
  readonly networks: readonly NetworkSettings[];
  readonly portPlans: ReadonlyMap<string, PortPlan>;
}

/** The networks of the pools, with the host ports that they publish. Throws config_invalid and state_write_failed. */
export function planNetworks(stateDir: string, { pools }: Pick<Config, 'pools'>): PlannedNetworks {
  const portPlans = openPortPlans(stateDir, pools);
  const networks = pools.map((pool): NetworkSettings => {
    const published = portPlans.get(pool.name);
    return { ...pool, endpointsPerHub: ENDPOINTS_PER_HUB, ...(published === undefined ? {} : { published }) };
  });
  return { networks, portPlans };
}
