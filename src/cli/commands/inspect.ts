import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderLease } from '../lease-text.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd inspect`: everything about one lease. */
export function addInspect(program: Command, invocation: Invocation): void {
  const command = program
    .command('inspect')
    .summary('show everything about a lease')
    .description('Show everything about a lease: namespace, interface, addresses, routes, ports, DNS.')
    .argument('<LEASE_ID>', 'the lease', parseName);
  addSocketOption(addJsonOption(command)).action(async (leaseId: string, options: Options) => {
    const lease = await withClient(invocation, options, (client) => client.lease(leaseId));
    invocation.stdout.write(options.json ? renderJson(lease) : renderLease(lease));
  });
  addExamples(command, [
    ['netnsd inspect 1a7d9b22488c8642', 'for a reader'],
    ['netnsd inspect 1a7d9b22488c8642 --json | jq -r .netns.path', 'one thing of it, for a script'],
  ]);
}
