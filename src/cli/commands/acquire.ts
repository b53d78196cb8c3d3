import { type Command, Option } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderNewLeases } from '../lease-text.js';
import {
  addExamples,
  addJsonOption,
  addSocketOption,
  parseCount,
  parseName,
  parseSeconds,
  withClient,
} from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly pool?: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly wait?: number;
  readonly ttl?: number;
  readonly pid?: number;
  readonly count?: number;
  readonly path?: true;
  readonly json?: true;
}

/** `netnsd acquire`: one lease, or several at once. */
export function addAcquire(program: Command, invocation: Invocation): void {
  const command = program
    .command('acquire')
    .summary('lease a ready network namespace')
    .description(
      'Lease a ready network namespace. With --id it is bound to a container: asking again gives the lease that stands.',
    )
    .addOption(
      new Option('--pool <NAME>', 'pool to take it from (default: the pool default, or the only one)').argParser(
        parseName,
      ),
    )
    .addOption(new Option('--id <CONTAINER_ID>', 'container that will hold it').argParser(parseName).conflicts('count'))
    .addOption(new Option('--tenant <NAME>', 'whom the container serves (default: default)').argParser(parseName))
    .option('--wait <SECONDS>', 'wait so long for an endpoint if the pool is at its max', parseSeconds({ zero: true }))
    .option('--ttl <SECONDS>', 'end the lease by itself after so long', parseSeconds({ zero: false }))
    .option('--pid <PID>', 'end the lease when this process ends', parseCount(1))
    .option('--count <N>', 'this many at once, all or none', parseCount(1))
    .addOption(new Option('--path', 'print just the path of the namespace').conflicts('json'));
  addSocketOption(addJsonOption(command)).action((options: Options) => acquire(invocation, options));
  addExamples(command, [
    ['netnsd acquire --id web-1', 'a lease for the container web-1'],
    ['podman run --network ns:$(netnsd acquire --path) alpine ip addr', 'a container on a leased namespace'],
    ['netnsd acquire --pool web --count 10 --wait 5 --json', 'ten at once, waiting up to 5 s for them'],
    ['netnsd acquire --pid $$ --path', 'a lease that ends with this shell'],
  ]);
}

async function acquire(invocation: Invocation, options: Options): Promise<void> {
  const { pool, id, tenant, wait, ttl, pid, count } = options;
  const { leases, tookMs } = await withClient(invocation, options, async (client) => {
    const start = performance.now();
    const terms = { pool, tenant, wait, ttl, pid };
    const leases =
      count === undefined
        ? [await client.acquire({ ...terms, containerId: id })]
        : await client.acquireMany({ ...terms, count });
    return { leases, tookMs: performance.now() - start };
  });
  if (options.path) {
    invocation.stdout.write(leases.map((lease) => `${lease.netns.path}\n`).join(''));
  } else if (options.json) {
    invocation.stdout.write(renderJson(count === undefined ? leases[0] : leases));
  } else {
    const what = leases.length === 1 ? '1 lease' : `${leases.length} leases`;
    invocation.stdout.write(`${renderNewLeases(leases)}${what} in ${Math.round(tookMs * 1000)} µs\n`);
  }
}
