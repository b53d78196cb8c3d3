import type { Command } from 'commander';
import { NetnsdError } from '../../errors.js';
import type { PoolStatus } from '../../pool/types.js';
import type { Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, parseCount, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderPools } from '../text/pool-text.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly json?: true;
}
interface SetOptions extends Options {
  readonly minReady?: number;
  readonly max?: number;
}

/** `netnsd pool`: `list` and `set`. */
export function addPool(program: Command, invocation: Invocation): void {
  const pool = program
    .command('pool')
    .summary('list pools and change their size')
    .description('List pools and change their size.');
  addExamples(pool, [['netnsd pool set web --min-ready 64', 'keep 64 endpoints of pool web ready']]);
  addPoolList(pool, invocation);
  addPoolSet(pool, invocation);
}

function addPoolList(pool: Command, invocation: Invocation): void {
  const command = pool
    .command('list')
    .summary('list the pools')
    .description('List the pools with their endpoints by state.');
  addSocketOption(addJsonOption(command)).action(async (options: Options) => {
    const pools = await withClient(invocation, options, (client) => client.pools());
    print(invocation, options, pools);
  });
  addExamples(command, [['netnsd pool list', 'all pools']]);
}

function addPoolSet(pool: Command, invocation: Invocation): void {
  const command = pool
    .command('set')
    .summary('change the size of a pool')
    .description(
      'Change the size of a pool until the daemon ends. The next start applies the configuration file again.',
    )
    .argument('<NAME>', 'the pool', parseName)
    .option('--min-ready <N>', 'the least number of endpoints to keep ready', parseCount(0))
    .option('--max <N>', 'the greatest number of endpoints, leased ones included', parseCount(1));
  addSocketOption(addJsonOption(command)).action(async (name: string, options: SetOptions) => {
    const { minReady, max } = options;
    if (minReady === undefined && max === undefined) {
      throw new NetnsdError('bad_usage', 'give --min-ready, --max or both');
    }
    const status = await withClient(invocation, options, (client) => client.resizePool(name, { minReady, max }));
    print(invocation, options, status);
  });
  addExamples(command, [['netnsd pool set default --min-ready 64 --max 1000', 'a larger pool, until the daemon ends']]);
}

function print({ stdout }: Invocation, options: Options, data: PoolStatus | readonly PoolStatus[]): void {
  const pools: readonly PoolStatus[] = 'name' in data ? [data] : data;
  stdout.write(options.json ? renderJson(data) : renderPools(pools));
}
