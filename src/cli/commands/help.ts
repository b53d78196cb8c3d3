import type { Command } from 'commander';

/** `netnsd help`, and the same of the commands that have commands: `netnsd help oci patch`, `netnsd oci help patch`. */
export function addHelp(parent: Command): void {
  parent
    .helpCommand(false)
    .command('help')
    .summary('print help for a command')
    .description('Print help for a command.')
    .helpOption(false)
    .argument('[COMMAND...]', 'the command, such as `acquire` or `oci patch`')
    .action((names: readonly string[]) => find(parent, names).help());
}

/** The command of these words. Ends as wrong usage, like the words themselves on the command line, if there is none. */
function find(parent: Command, [name, ...more]: readonly string[]): Command {
  if (name === undefined) return parent;
  const found = parent.commands.find((command) => command.name() === name);
  if (found !== undefined) return find(found, more);
  return parent.error(`unknown command '${name}'`, { code: 'commander.unknownCommand', exitCode: 2 });
}
