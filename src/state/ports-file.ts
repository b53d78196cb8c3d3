import { join } from 'node:path';
import type { PortPlan } from '../endpoint/network/published-ports.js';
import { readOwnFile, replaceOwnFile } from './own-file.js';

/** Which host ports the addresses of a pool have: endpoints and their leases outlive the daemon. */
const FILE = 'ports.json';
const LARGEST_BYTES = 1 << 24;

/** Plans by pool; none where nothing was written, or it cannot be read. */
export function readPortPlans(stateDir: string): Map<string, PortPlan> {
  try {
    const content: unknown = JSON.parse(readOwnFile(join(stateDir, FILE), LARGEST_BYTES));
    return new Map(Object.entries(content as object).filter(([, plan]) => isPlan(plan)));
  } catch {
    return new Map();
  }
}

/** Throws what node:fs throws. An unchanged file is not written again: a full file system must not keep a daemon from its restart. */
export function writePortPlans(stateDir: string, plans: ReadonlyMap<string, PortPlan>): void {
  const text = `${JSON.stringify(Object.fromEntries(plans))}\n`;
  const before = `${JSON.stringify(Object.fromEntries(readPortPlans(stateDir)))}\n`;
  if (text !== before) replaceOwnFile(join(stateDir, FILE), text);
}

function isPlan(value: unknown): value is PortPlan {
  const { subnet, subnet6, ports, hostPorts } = (value ?? {}) as Partial<Record<keyof PortPlan, unknown>>;
  return (
    typeof subnet === 'string' &&
    (subnet6 == null || typeof subnet6 === 'string') &&
    Array.isArray(ports) &&
    ports.every((one) => (one?.protocol === 'tcp' || one?.protocol === 'udp') && isPort(one.port)) &&
    Array.isArray(hostPorts) &&
    hostPorts.every(isPort)
  );
}

function isPort(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
