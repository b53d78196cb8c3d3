import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { NetnsdError } from '../../../errors.js';
import type { Client, Invocation, ReloadReport } from '../../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, withClient } from '../../options.js';
import type { PathOptions } from '../../paths.js';
import { printable, renderJson } from '../../text/table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** How long pools may take to be opened anew, and how often that is asked, in milliseconds. */
const DEADLINE_MS = 60_000;
const ASK_MS = 50;

/** `netnsd reload`: has the daemon read its configuration again. */
export function addReload(program: Command, invocation: Invocation): void {
  const command = program
    .command('reload')
    .summary('read the configuration again')
    .description(
      'Have the daemon read its configuration again, and print what has changed. Leases are kept. A configuration that is refused changes nothing.',
    );
  addSocketOption(addJsonOption(command)).action(async (options: Options) => {
    const report = await withClient(invocation, options, reload);
    const lines = report.changes.length === 0 ? ['nothing has changed'] : report.changes.map(printable);
    invocation.stdout.write(options.json ? renderJson(report) : `${lines.join('\n')}\n`);
  });
  addExamples(command, [['netnsd reload', 'after /etc/netnsd/netnsd.toml was changed']]);
}

/** Resolves when all of it is in effect. */
async function reload(client: Client): Promise<ReloadReport> {
  const report = await client.reload();
  const endMs = performance.now() + DEADLINE_MS;
  while (report.reopens) {
    const { configuration } = await client.status();
    if (configuration?.readAt !== report.readAt) {
      const error = configuration?.error ?? null;
      if (error !== null) throw new NetnsdError('config_invalid', error);
      break;
    }
    if (performance.now() > endMs)
      throw new NetnsdError('deadline_exceeded', 'the pools are still being opened: see `netnsd status`');
    await delay(ASK_MS);
  }
  return report;
}
