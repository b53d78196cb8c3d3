import { type Config, describePool, describeTop, type Setting } from '../../config/index.js';

/** What a reload changes. */
export interface ReloadPlan {
  /** One line each: `pools.web.min_ready: 16 -> 64`. */
  readonly changes: readonly string[];
  /** Whether pools are opened anew for it, as by a restart; otherwise all of it takes effect at once. */
  readonly reopens: boolean;
}

/** What a running daemon changes without opening its pools anew. */
const AT_ONCE: ReadonlySet<string> = new Set(['log_level', 'min_ready', 'max']);

interface Change {
  readonly text: string;
  readonly atOnce: boolean;
}

/** Compares the configuration in effect with the one that was read. Pure. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const former = new Map(before.pools.map((pool) => [pool.name, pool]));
  const names = new Set(after.pools.map(({ name }) => name));
  const changes = [
    ...compare('', describeTop(before), describeTop(after)),
    ...after.pools.flatMap((pool): Change[] => {
      const old = former.get(pool.name);
      if (old === undefined) return [{ text: `pools.${pool.name}: added`, atOnce: false }];
      const found = compare(`pools.${pool.name}.`, describePool(old), describePool(pool));
      // How many ports of the host are set aside follows from `max`.
      return pool.publish.length === 0 ? found : found.map((change) => ({ ...change, atOnce: false }));
    }),
    ...before.pools.flatMap(({ name }): Change[] =>
      names.has(name) ? [] : [{ text: `pools.${name}: removed`, atOnce: false }],
    ),
  ];
  return { changes: changes.map(({ text }) => text), reopens: changes.some(({ atOnce }) => !atOnce) };
}

function compare(prefix: string, before: Record<string, Setting>, after: Record<string, Setting>): Change[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [from = 'none', to = 'none'] = [before[key], after[key]].map((value) => JSON.stringify(value));
    return from === to ? [] : [{ text: `${prefix}${key}: ${from} -> ${to}`, atOnce: AT_ONCE.has(key) }];
  });
}
