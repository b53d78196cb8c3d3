import { Argument, type Command, Option } from 'commander';
import type { Lease } from '../../pool/types.js';
import type { Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, parseName, parseSeconds, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly ttl: number;
  readonly json?: true;
}

/** `netnsd renew`: a lease goes on for a while. */
export function addRenew(program: Command, invocation: Invocation): void {
  const command = program
    .command('renew')
    .summary('have a lease go on')
    .description('Give a lease a time limit from now on, whatever it had.')
    .addArgument(new Argument('<LEASE_ID>', 'lease to renew').argParser(parseName))
    .addOption(
      new Option('--ttl <SECONDS>', 'end the lease by itself after so long')
        .argParser(parseSeconds({ zero: false }))
        .makeOptionMandatory(),
    );
  addSocketOption(addJsonOption(command)).action((leaseId: string, options: Options) =>
    renew(invocation, leaseId, options),
  );
  addExamples(command, [['netnsd renew 1a7d9b22488c8642 --ttl 600', 'ten minutes more, from now']]);
}

async function renew(invocation: Invocation, leaseId: string, options: Options): Promise<void> {
  const lease: Lease = await withClient(invocation, options, (client) => client.renew(leaseId, { ttl: options.ttl }));
  invocation.stdout.write(options.json ? renderJson(lease) : `${lease.id} ends at ${lease.expiresAt}\n`);
}
