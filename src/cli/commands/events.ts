import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderEvent } from '../text/event-text.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd events`: changes of state as they happen, until interrupted or the daemon ends. */
export function addEvents(program: Command, invocation: Invocation): void {
  const command = program
    .command('events')
    .summary('follow events of the pools')
    .description(
      'Follow events of the pools, one on each line, until interrupted. It begins with the first event after the daemon was reached: `netnsd inspect` shows earlier events of an endpoint.',
    )
    .option('--json', 'print each event as one line of JSON');
  addSocketOption(command).action((options: Options) =>
    withClient(invocation, options, async (client) => {
      for await (const event of client.events()) {
        invocation.stdout.write(options.json ? `${JSON.stringify(event)}\n` : `${renderEvent(event)}\n`);
      }
    }),
  );
  addExamples(command, [
    ['netnsd events', 'all events'],
    ['netnsd events --json | jq -r \'select(.type == "broken").reason\'', 'why endpoints could not be destroyed'],
  ]);
}
