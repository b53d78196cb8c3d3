import { type Command, CommanderError } from 'commander';
import { type ErrorCode, shortened, toNetnsdError } from '../errors.js';
import type { Dependencies, Invocation } from './dependencies.js';
import { buildProgram } from './program.js';
import { printable } from './text/table.js';

const FAILED = 1;
const WRONG_USAGE = 2;
const USAGE_CODES: readonly ErrorCode[] = ['bad_usage', 'bad_request'];
/** Help and version were requested: not failures. */
const PRINTED = ['commander.helpDisplayed', 'commander.version'];

/**
 * Runs one command line (without node and script) and resolves with the exit status: 0 done, 1 failed, 2 wrong usage.
 * Errors become one line on stderr.
 */
export async function runCli(argv: readonly string[], dependencies: Dependencies): Promise<number> {
  const invocation: Invocation = { ...dependencies, status: 0 };
  const program = buildProgram(invocation);
  let current = program;
  forEachCommand(program, (command) => {
    command.exitOverride((error) => {
      current = command;
      throw error;
    });
    command.hook('preAction', () => {
      current = command;
    });
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return invocation.status;
  } catch (error) {
    return report(error, current, invocation);
  }
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

function report(error: unknown, command: Command, { stderr }: Dependencies): number {
  if (error instanceof CommanderError) {
    if (PRINTED.includes(error.code)) return 0;
    // Help was printed because no command was given.
    if (error.code === 'commander.help') return error.exitCode === 0 ? 0 : WRONG_USAGE;
    stderr.write(line(`${usageMessage(error, command)}; see \`${pathOf(command)} --help\``));
    return WRONG_USAGE;
  }
  const { code, message } = toNetnsdError(error);
  const hint = code === 'bad_usage' ? `; see \`${pathOf(command)} --help\`` : '';
  stderr.write(line(`${message}${hint}`));
  return USAGE_CODES.includes(code) ? WRONG_USAGE : FAILED;
}

/** Commander's message without its prefix and its full stop; of a word too many, what it was probably meant for. */
function usageMessage(error: CommanderError, command: Command): string {
  if (error.code === 'commander.excessArguments') {
    const unexpected = `unexpected argument '${command.args[command.registeredArguments.length] ?? ''}'`;
    return command.options.some(({ long }) => long === '--id') ? `${unexpected}; give a container by --id` : unexpected;
  }
  return error.message.replace(/^error: /, '').replace(/\.$/, '');
}

/** `netnsd oci patch` */
function pathOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

function line(message: string): string {
  return `netnsd: ${printable(shortened(message.replace(/\s*\n\s*/g, ' ')))}\n`;
}
