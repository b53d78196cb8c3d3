import { sysctlKey, sysctlNameProblem } from './keys/index.js';
import type { Section } from './section.js';
import type { PoolConfig } from './types.js';

const MOST_SYSCTLS = 64;

/**
 * Reads the table `[pools.NAME.sysctls]`: values by names with dots, in the order of the file. `net.core.somaxconn = 1` without quotes is a
 * table in a table to TOML, and means the same.
 */
export function readSysctls(pool: Section, { hasIpv6 }: { hasIpv6: boolean }): PoolConfig['sysctls'] {
  const section = pool.section('sysctls');
  const read = section === undefined ? [] : readTable(section, '');
  if (read.length > MOST_SYSCTLS) pool.refuse('sysctls', `found ${read.length}, allowed: at most ${MOST_SYSCTLS}`);
  const values: Record<string, string> = {};
  for (const { at, key, name, value } of read) {
    if (Object.hasOwn(values, name)) at.refuse(key, `${name} stands there twice`);
    if (hasIpv6 && /[./]disable_ipv6$/.test(name)) at.refuse(key, 'the pool has a subnet6');
    values[name] = value;
  }
  return values;
}

interface Read {
  readonly at: Section;
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

function readTable(section: Section, prefix: string): Read[] {
  return section.names().flatMap((key): Read[] => {
    const name = `${prefix}${key}`;
    if (section.isTable(key)) return readTable(section.section(key) as Section, `${name}.`);
    const problem = sysctlNameProblem(name);
    if (problem !== undefined) section.refuse(key, problem);
    return [{ at: section, key, name, value: String(section.read(sysctlKey(key))) }];
  });
}
