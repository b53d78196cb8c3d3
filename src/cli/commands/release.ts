import { Argument, type Command, Option } from 'commander';
import { NetnsdError, toNetnsdError } from '../../errors.js';
import type { Client, Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { printable } from '../table.js';

interface Options extends PathOptions {
  readonly id?: string;
  readonly pool?: string;
  readonly force?: true;
}

/** `netnsd release`: gives leases back, by their ids or by the container that holds them. */
export function addRelease(program: Command, invocation: Invocation): void {
  const command = program
    .command('release')
    .summary('give leases back')
    .description('Give leases back. One that is gone already counts as released.')
    .addArgument(new Argument('[LEASE_ID...]', 'leases to give back').argParser(parseNames))
    .addOption(new Option('--id <CONTAINER_ID>', 'instead: every lease of this container').argParser(parseName))
    .addOption(new Option('--pool <NAME>', 'with --id: only in this pool').argParser(parseName))
    .option('--force', 'also while a process is inside; the endpoint goes when it is empty');
  addSocketOption(command).action((leaseIds: string[], options: Options) => release(invocation, leaseIds, options));
  addExamples(command, [
    ['netnsd release 1a7d9b22488c8642', 'the lease with this id'],
    ['netnsd release --id web-1', 'whatever the container web-1 holds'],
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
    throw new NetnsdError('bad_usage', 'name either LEASE_IDs or a container with --id');
  }
  if (options.pool !== undefined && options.id === undefined)
    throw new NetnsdError('bad_usage', '--pool goes with --id');
  await withClient(invocation, options, async (client) => {
    const { id, pool } = options;
    const found = id === undefined ? named : await leasesOf(client, { containerId: id, pool });
    if (id !== undefined && found.length === 0)
      invocation.stderr.write(`netnsd: ${await whyNothing(client, { id, pool })}\n`);
    await releaseAll(invocation, client, { leaseIds: found, force: options.force === true });
  });
}

async function leasesOf(client: Client, filter: { containerId: string; pool: string | undefined }): Promise<string[]> {
  return (await client.leases(filter)).map(({ id }) => id);
}

/** A container of a runtime with a root of its own is called by its id, `@` and eight characters that stand for the root. */
async function whyNothing(client: Client, { id, pool }: { id: string; pool: string | undefined }): Promise<string> {
  const names = (await client.leases({ pool })).flatMap(({ containerId }) => containerId ?? []);
  const rooted = [...new Set(names.filter((name) => name.startsWith(`${id}@`)))];
  if (rooted.length === 0) return `container ${id} holds no lease: nothing to release`;
  const others = rooted.map(printable).join(' and ');
  return `container ${id} of the default runtime root holds no lease; of other roots there is ${others}: name that`;
}

/** Goes on past failures and reports them all. */
async function releaseAll(
  invocation: Invocation,
  client: Client,
  { leaseIds, force }: { leaseIds: readonly string[]; force: boolean },
): Promise<void> {
  const failures: { id: string; error: NetnsdError }[] = [];
  for (const id of leaseIds) {
    try {
      await client.release(id, { force });
      invocation.stdout.write(`released ${id}\n`);
    } catch (error) {
      failures.push({ id, error: toNetnsdError(error) });
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  const message = failures.map(({ id, error }) => `${id}: ${error.message}`).join('; ');
  throw new NetnsdError(first.error.code, `cannot release ${message}`, { cause: first.error });
}
