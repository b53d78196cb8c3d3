import type { PoolConfig } from '../../config/index.js';
import { NetnsdError } from '../../errors.js';
import { trySysctls } from '../../kernel/host/sysctl-trial.js';

/** Throws `config_invalid` for the first sysctl of a pool that a new network namespace does not take. Writes nothing of the host. */
export async function refuseSysctls(
  pools: readonly Pick<PoolConfig, 'name' | 'sysctls' | 'interfaceName'>[],
): Promise<void> {
  for (const { name: pool, sysctls, interfaceName } of pools) {
    const wanted = Object.entries(sysctls).map(([name, value]) => ({ name, value }));
    const refused = wanted.length === 0 ? null : await trySysctls({ sysctls: wanted, link: interfaceName });
    if (refused === null) continue;
    const key = `pools.${pool}.sysctls.${JSON.stringify(refused.name)}`;
    throw new NetnsdError('config_invalid', `${key}: ${refused.why}`, { details: { key } });
  }
}
