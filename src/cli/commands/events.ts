import type { Command } from 'commander';
import type { PoolEvent } from '../../pool/service.js';
import type { Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { printable } from '../table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd events`: changes of state as they happen, until interrupted or until the daemon ends. */
export function addEvents(program: Command, invocation: Invocation): void {
  const command = program
    .command('events')
    .summary('follow what happens in the pools')
    .description('Follow what happens in the pools, one event a line, until interrupted.')
    .option('--json', 'print each event as one line of JSON, for programs');
  addSocketOption(command).action((options: Options) =>
    withClient(invocation, options, async (client) => {
      for await (const event of client.events()) {
        invocation.stdout.write(options.json ? `${JSON.stringify(event)}\n` : `${renderEvent(event)}\n`);
      }
    }),
  );
  addExamples(command, [
    ['netnsd events', 'for a reader'],
    ['netnsd events --json | jq -r \'select(.type == "broken").reason\'', 'why endpoints break'],
  ]);
}

function renderEvent(event: PoolEvent): string {
  const { time, type, endpoint, lease, containerId, reason } = event;
  const rest = [lease && `lease ${lease}`, containerId && `container ${containerId}`, reason && `(${reason})`];
  return printable([time, type.padEnd('build_failed'.length), endpoint, ...rest.filter(Boolean)].join('  '));
}
