import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples, addFilterOptions, addJsonOption, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderLeases } from '../text/lease-text.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly pool?: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly json?: true;
}

/** `netnsd list`: the leases. */
export function addList(program: Command, invocation: Invocation): void {
  const command = program.command('list').summary('list the leases').description('List the leases, oldest first.');
  addSocketOption(addJsonOption(addFilterOptions(command))).action((options: Options) => list(invocation, options));
  addExamples(command, [
    ['netnsd list', 'all leases'],
    ['netnsd list --pool web --json', 'leases of pool web, for a script'],
  ]);
}

async function list(invocation: Invocation, options: Options): Promise<void> {
  const { pool, id: containerId, tenant, json } = options;
  const leases = await withClient(invocation, options, (client) => client.leases({ pool, containerId, tenant }));
  if (json) {
    invocation.stdout.write(renderJson(leases));
  } else if (leases.length > 0) {
    invocation.stdout.write(renderLeases(leases, Date.now()));
  } else {
    const isFiltered = pool !== undefined || containerId !== undefined || tenant !== undefined;
    invocation.stderr.write(`netnsd: ${isFiltered ? 'no lease matches' : 'no leases'}\n`);
  }
}
