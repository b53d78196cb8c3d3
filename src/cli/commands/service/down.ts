import type { Command } from 'commander';
import type { Invocation } from '../../dependencies.js';
import { addExamples, addSocketOption, addStateDirOption } from '../../options.js';
import { type PathOptions, resolvePaths } from '../../paths.js';

/** `netnsd down`: stops the daemon and removes all that it made. */
export function addDown(program: Command, invocation: Invocation): void {
  const command = program
    .command('down')
    .summary('stop the daemon and remove every trace of it')
    .description(
      'Stop the daemon, if it runs, and remove every namespace, link, mount and file that it made, those of leases included. Refused while a process is inside one. Needs root.',
    )
    .option('--force', 'although processes are inside: running containers lose their network');
  addSocketOption(addStateDirOption(command)).action(async (options: PathOptions & { force?: true }) => {
    const { force = false, ...paths } = options;
    invocation.status = await invocation.down({ ...resolvePaths(paths, invocation.env), force });
  });
  addExamples(command, [
    ['sudo netnsd down', 'refused, with their names, while containers are running'],
    ['sudo netnsd down --force', 'running containers lose their network'],
    ['sudo netnsd down --state-dir /run/netnsd-test', 'the daemon of that state directory, running or not'],
  ]);
}
