import { Argument, type Command, Option } from 'commander';
import { hasCode, NetnsdError, toNetnsdError } from '../../errors.js';
import type { Client, Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { printable } from '../text/table.js';

interface Options extends PathOptions {
  readonly id?: string;
  readonly pool?: string;
  readonly force?: true;
}

/** `netnsd release`: releases leases by their ids or by their container. */
export function addRelease(program: Command, invocation: Invocation): void {
  const command = program
    .command('release')
    .summary('release leases')
    .description('Release leases. A lease that does not exist is reported on stderr, and is not an error.')
    .addArgument(new Argument('[LEASE_ID...]', 'leases to release').argParser(parseNames))
    .addOption(new Option('--id <CONTAINER_ID>', 'release the leases of this container instead').argParser(parseName))
    .addOption(new Option('--pool <NAME>', 'with --id: only leases of this pool').argParser(parseName))
    .option('--force', 'release although a process is inside; the endpoint is replaced once it is empty');
  addSocketOption(command).action((leaseIds: string[], options: Options) => release(invocation, leaseIds, options));
  addExamples(command, [
    ['netnsd release 1a7d9b22488c8642', 'one lease, by its id'],
    ['netnsd release --id web-1', 'the leases of container web-1'],
  ]);
}

function parseNames(text: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), parseName(text)];
}

async function release(
  invocation: Invocation,
  leaseIds: readonly string[] | undefined,
  options: Options,
): Promise<void> {
  const named = leaseIds ?? [];
  if (named.length > 0 === (options.id !== undefined)) {
    throw new NetnsdError('bad_usage', 'give either LEASE_IDs or --id');
  }
  if (options.pool !== undefined && options.id === undefined)
    throw new NetnsdError('bad_usage', '--pool requires --id');
  await withClient(invocation, options, async (client) => {
    const { id, pool } = options;
    const found = id === undefined ? named : await leasesOf(client, { containerId: id, pool });
    if (id !== undefined && found.length === 0)
      invocation.stderr.write(`netnsd: ${await explainNone(client, { id, pool })}\n`);
    await releaseAll(invocation, client, { leaseIds: found, force: options.force === true });
  });
}

async function leasesOf(client: Client, filter: { containerId: string; pool: string | undefined }): Promise<string[]> {
  return (await client.leases(filter)).map(({ id }) => id);
}

/** The id of a container whose runtime has a root of its own ends in `@` and eight characters for the root. */
async function explainNone(client: Client, { id, pool }: { id: string; pool: string | undefined }): Promise<string> {
  const names = (await client.leases({ pool })).flatMap(({ containerId }) => containerId ?? []);
  const rooted = [...new Set(names.filter((name) => name.startsWith(`${id}@`)))];
  if (rooted.length === 0) return `container ${id} holds no lease`;
  const others = rooted.map(printable).join(', ');
  return `container ${id} of the default runtime root holds no lease; containers of other roots: ${others}`;
}

/** Asked before a release, which is answered the same whether there was a lease or not. */
async function isKnown(client: Client, id: string): Promise<boolean> {
  try {
    await client.lease(id);
    return true;
  } catch (error) {
    if (hasCode(error, 'lease_not_found')) return false;
    throw error;
  }
}

/** Continues after failures and reports all of them. */
async function releaseAll(
  invocation: Invocation,
  client: Client,
  { leaseIds, force }: { leaseIds: readonly string[]; force: boolean },
): Promise<void> {
  const failures: { id: string; error: NetnsdError }[] = [];
  for (const id of leaseIds) {
    try {
      if (await isKnown(client, id)) {
        await client.release(id, { force });
        invocation.stdout.write(`released ${id}\n`);
      } else invocation.stderr.write(`netnsd: there is no lease ${printable(id)}: nothing was released\n`);
    } catch (error) {
      failures.push({ id, error: toNetnsdError(error) });
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  const message = failures.map(({ id, error }) => `${id}: ${error.message}`).join('; ');
  throw new NetnsdError(first.error.code, `cannot release ${message}`, { cause: first.error });
}
