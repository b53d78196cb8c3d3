import type { Config } from '../../config/index.js';
import type { PortPlan } from '../../endpoint/network/published-ports.js';
import type { NetworkSettings } from '../../endpoint/types.js';
import { egressMtu } from '../../kernel/host/egress-mtu.js';
import { NetlinkSocket } from '../../kernel/netlink/netlink-socket.js';
import { openPortPlans } from '../host/published-ports.js';

/** A bridge has 1 023 ports: one is the uplink. */
const ENDPOINTS_PER_HUB = 1000;

/** Of a host from which no packet goes out. */
const STANDARD_MTU_BYTES = 1500;
/** A link with a smaller one has no IPv6 (RFC 8200, section 5). */
const IPV6_MTU_BYTES = 1280;

export interface PlannedNetworks {
  /** The MTU of pools that follow the egress route; null: none does. */
  readonly egressMtuBytes: number | null;
  readonly networks: readonly NetworkSettings[];
  readonly portPlans: ReadonlyMap<string, PortPlan>;
}

/** The networks of the pools, with the host ports that they publish. Throws config_invalid, state_write_failed and kernel_error. */
export function planNetworks(stateDir: string, { pools }: Pick<Config, 'pools'>): PlannedNetworks {
  const portPlans = openPortPlans(stateDir, pools);
  const follows = pools.some(({ mtuBytes }) => mtuBytes === 'auto');
  const auto = follows ? (readEgressMtu() ?? STANDARD_MTU_BYTES) : STANDARD_MTU_BYTES;
  const networks = pools.map((pool): NetworkSettings => {
    const published = portPlans.get(pool.name);
    const mtuBytes =
      pool.mtuBytes === 'auto' ? Math.max(auto, pool.subnet6 === null ? 0 : IPV6_MTU_BYTES) : pool.mtuBytes;
    return { ...pool, mtuBytes, endpointsPerHub: ENDPOINTS_PER_HUB, ...(published === undefined ? {} : { published }) };
  });
  return { networks, portPlans, egressMtuBytes: follows ? auto : null };
}

/** See `egressMtu`. Throws kernel_error. */
export function readEgressMtu(): number | null {
  using socket = NetlinkSocket.open();
  return egressMtu(socket);
}
