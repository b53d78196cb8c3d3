import { type Command, Option } from 'commander';
import type { Invocation } from '../dependencies.js';
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
import { renderNewLeases } from '../text/lease-text.js';
import { renderJson, renderMicroseconds } from '../text/table.js';

interface Options extends PathOptions {
  readonly pool?: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly address?: string;
  readonly mac?: string;
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
      'Lease a ready network namespace. With --id, repeating the command returns the lease that the container already holds.',
    )
    .addOption(
      new Option('--pool <NAME>', 'pool to lease from (default: the pool "default", or the only one)').argParser(
        parseName,
      ),
    )
    .addOption(
      new Option('--id <CONTAINER_ID>', 'container that the lease is for').argParser(parseName).conflicts('count'),
    )
    .addOption(
      new Option('--tenant <NAME>', 'tenant that the container serves (default: "default")').argParser(parseName),
    )
    .addOption(
      new Option('--address <ADDRESS>', 'lease the endpoint that has this address of the pool, or have it built')
        .argParser(parseName)
        .conflicts('count'),
    )
    .addOption(
      new Option('--mac <MAC>', 'the same by its MAC; one of your own where the pool has anti_spoof = false')
        .argParser(parseName)
        .conflicts('count'),
    )
    .option(
      '--wait <SECONDS>',
      'how long to wait for an endpoint if the pool is at its max, or --address is in use',
      parseSeconds({ zero: true }),
    )
    .option('--ttl <SECONDS>', 'release the lease after this time', parseSeconds({ zero: false }))
    .option('--pid <PID>', 'release the lease when this process ends', parseCount(1))
    .option('--count <N>', 'lease this many, all or none', parseCount(1))
    .addOption(new Option('--path', 'print only the path of the namespace').conflicts('json'));
  addSocketOption(addJsonOption(command)).action((options: Options) => acquire(invocation, options));
  addExamples(command, [
    ['netnsd acquire --id web-1', 'lease a namespace for container web-1'],
    ['P=$(netnsd acquire --id job-17 --path) || exit', 'a path for a script, which ends if there is none'],
    ['podman run --network ns:$P alpine ip addr', 'run a container in that namespace'],
    ['netnsd acquire --pool web --count 10 --wait 5 --json', 'lease ten at once, and wait up to 5 s for them'],
    ['netnsd acquire --id db --address 10.213.0.53', 'the address that others know'],
    ['netnsd acquire --pid $$ --path', 'a lease that ends with this shell'],
  ]);
}

async function acquire(invocation: Invocation, options: Options): Promise<void> {
  const { pool, id, tenant, address, mac, wait, ttl, pid, count } = options;
  const { leases, tookMs } = await withClient(invocation, options, async (client) => {
    const start = performance.now();
    const terms = { pool, tenant, wait, ttl, pid };
    const leases =
      count === undefined
        ? [await client.acquire({ ...terms, containerId: id, address, mac })]
        : await client.acquireMany({ ...terms, count });
    return { leases, tookMs: performance.now() - start };
  });
  if (options.path) {
    invocation.stdout.write(leases.map((lease) => `${lease.netns.path}\n`).join(''));
  } else if (options.json) {
    invocation.stdout.write(renderJson(count === undefined ? leases[0] : leases));
  } else {
    const what = leases.length === 1 ? '1 lease' : `${leases.length} leases`;
    invocation.stdout.write(`${renderNewLeases(leases)}${what} in ${renderMicroseconds(tookMs * 1000)}\n`);
  }
}
