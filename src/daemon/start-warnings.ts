import type { Logger } from 'pino';
import { endpointCapacity, parseSubnet } from '../address/ipv4.js';
import type { Config, PoolConfig } from '../config/index.js';
import { missingOptionalCapabilities } from './privileges.js';

type SizedPool = Pick<PoolConfig, 'name' | 'subnet' | 'max' | 'addressCooldownSeconds'>;

/**
 * Logs what this host or configuration takes away without keeping the daemon from starting. Returns what `netnsd status` shows
 * of it.
 */
export function warnAtStart(config: Pick<Config, 'pools'>, log: Logger): string[] {
  const missing = missingOptionalCapabilities();
  for (const { name, reason, without } of missing)
    log.warn({ capability: name, without }, `netnsd lacks ${name} (to ${reason}) and runs without it`);
  warnOfTightSubnets(config.pools, log);
  return missing.map(({ name, reason, without }) => `netnsd lacks ${name} (to ${reason}): ${without}`);
}

/** Warns of pools that may run out of addresses if all of their endpoints are replaced at once. */
export function warnOfTightSubnets(
  pools: readonly SizedPool[],
  log: { info(details: object, message: string): void },
): void {
  for (const { name, subnet, max, addressCooldownSeconds } of pools) {
    const spare = endpointCapacity(parseSubnet(subnet)) - max;
    if (addressCooldownSeconds === 0 || spare >= max) continue;
    log.info(
      { pool: name, subnet, max, spare, addressCooldownSeconds },
      'the subnet has few addresses beyond max: builds wait for cooldowns when many endpoints are replaced',
    );
  }
}
