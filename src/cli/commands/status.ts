import type { Command } from 'commander';
import type { DaemonStatus, Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderPools } from '../text/pool-text.js';
import { printable, renderJson, renderSeconds } from '../text/table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd status`: the daemon and its pools. */
export function addStatus(program: Command, invocation: Invocation): void {
  const command = program
    .command('status')
    .summary('show the daemon and its pools')
    .description(
      'Show the daemon and its pools: endpoints by state, sizes, warm and cold leases, and how endpoints were recycled.',
    );
  addSocketOption(addJsonOption(command)).action(async (options: Options) => {
    const status = await withClient(invocation, options, (client) => client.status());
    const { version, pid, uptimeSeconds, warnings = [], pools } = status;
    const heading = `netnsd ${version}, pid ${pid}, up ${renderSeconds(uptimeSeconds)}`;
    const warned = warnings.map((warning) => `warning: ${warning}\n`).join('');
    invocation.stdout.write(
      options.json ? renderJson(status) : `${heading}\n${warned}\n${renderPools(pools)}${refusal(status)}`,
    );
  });
  addExamples(command, [
    ['netnsd status', 'all pools'],
    ["netnsd status --json | jq '.pools[0].ready'", 'how many endpoints of the first pool are ready'],
  ]);
}

/** That a newer configuration is not in effect is easily overlooked in a log. */
function refusal({ configuration }: DaemonStatus): string {
  const error = configuration?.error ?? null;
  return error === null ? '' : `\nthe newest configuration is not in effect: ${printable(error)}\n`;
}
