import { Argument, type Command, Option } from 'commander';
import type { Lease } from '../../pool/types.js';
import type { Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, parseName, parseSeconds, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly ttl: number;
  readonly json?: true;
}

/** `netnsd renew`: a new time limit for a lease. */
export function addRenew(program: Command, invocation: Invocation): void {
  const command = program
    .command('renew')
    .summary('set the time limit of a lease')
    .description('Set the time limit of a lease, from now. It replaces any earlier one.')
    .addArgument(new Argument('<LEASE_ID>', 'lease to renew').argParser(parseName))
    .addOption(
      new Option('--ttl <SECONDS>', 'release the lease after this time')
        .argParser(parseSeconds({ zero: false }))
        .makeOptionMandatory(),
    );
  addSocketOption(addJsonOption(command)).action((leaseId: string, options: Options) =>
    renew(invocation, leaseId, options),
  );
  addExamples(command, [['netnsd renew 1a7d9b22488c8642 --ttl 600', 'ten minutes from now']]);
}

async function renew(invocation: Invocation, leaseId: string, options: Options): Promise<void> {
  const lease: Lease = await withClient(invocation, options, (client) => client.renew(leaseId, { ttl: options.ttl }));
  invocation.stdout.write(options.json ? renderJson(lease) : `${lease.id} expires at ${lease.expiresAt}\n`);
}
