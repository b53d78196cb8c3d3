import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderLeases } from '../lease-text.js';
import { addExamples, addFilterOptions, addJsonOption, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly pool?: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly json?: true;
}

/** `netnsd list`: the leases that stand. */
export function addList(program: Command, invocation: Invocation): void {
  const command = program.command('list').summary('list the leases').description('List the leases that stand.');
  addSocketOption(addJsonOption(addFilterOptions(command))).action((options: Options) => list(invocation, options));
  addExamples(command, [
    ['netnsd list', 'all of them'],
    ['netnsd list --pool web --json', 'those of the pool web, for a program'],
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
    const narrowed = pool !== undefined || containerId !== undefined || tenant !== undefined;
    invocation.stderr.write(`netnsd: ${narrowed ? 'no lease fits' : 'no leases: take one with `netnsd acquire`'}\n`);
  }
}
