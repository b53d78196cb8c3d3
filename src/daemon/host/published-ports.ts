import { endpointCapacity, parseSubnet } from '../../address/ipv4.js';
import type { PoolConfig } from '../../config/index.js';
import { type PortPlan, planPorts } from '../../endpoint/network/published-ports.js';
import { NetnsdError } from '../../errors.js';
import { listeningPorts } from '../../kernel/host/listening-ports.js';
import { readPortPlans, writePortPlans } from '../../state/index.js';

/** So many addresses as `max`, and as many more for those in cooldown. */
const SPARE = 2;

/** Which host ports the pools' addresses have; see `planPorts`. Throws config_invalid and state_write_failed. */
export function openPortPlans(stateDir: string, pools: readonly PoolConfig[]): ReadonlyMap<string, PortPlan> {
  const plans = checkPortPlans(stateDir, pools);
  if (plans === null) return new Map();
  try {
    writePortPlans(stateDir, plans);
  } catch (error) {
    const message = `the plan of published ports cannot be written to ${stateDir}: ${(error as Error).message}`;
    throw new NetnsdError('state_write_failed', message, { cause: error });
  }
  return plans;
}

/** The same, and nothing is written; null: no pool publishes or has published ports. Throws config_invalid. */
export function checkPortPlans(stateDir: string, pools: readonly PoolConfig[]): Map<string, PortPlan> | null {
  const before = readPortPlans(stateDir);
  if (before.size === 0 && pools.every(({ publish }) => publish.length === 0)) return null;
  const wishes = pools.map(({ name, subnet, subnet6, publish, publishRange, max }) => ({
    name,
    subnet,
    subnet6,
    ports: publish,
    range: publishRange,
    addresses: addressesFor({ subnet, publish, publishRange, max }),
  }));
  return planPorts(wishes, { taken: listeningPorts(), before });
}

type Publishing = Pick<PoolConfig, 'subnet' | 'publish' | 'publishRange' | 'max'>;

/** For at least `max`, or the plan fails; beyond that as many as the range has room for. */
function addressesFor({ subnet, publish, publishRange: [from, to], max }: Publishing): number {
  const room = Math.floor((to - from + 1) / Math.max(1, publish.length));
  const wanted = Math.min(endpointCapacity(parseSubnet(subnet)), max * SPARE);
  return Math.max(max, Math.min(wanted, room));
}
