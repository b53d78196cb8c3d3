import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderEvent } from '../event-text.js';
import { addExamples, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';

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
