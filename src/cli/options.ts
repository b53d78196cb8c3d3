import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Client, Dependencies } from './dependencies.js';
import { type PathOptions, resolvePaths } from './paths.js';

/** `--socket`, for every command that connects to the daemon. */
export function addSocketOption(command: Command): Command {
  return command.option('--socket <PATH>', "the daemon's socket (default: $NETNSD_SOCKET or /run/netnsd/netnsd.sock)");
}

/** `--state-dir`, for the commands that create or remove the state. */
export function addStateDirOption(command: Command): Command {
  const meaning = 'state directory, which also holds the socket (default: $NETNSD_STATE_DIR or /run/netnsd)';
  return command.option('--state-dir <DIR>', meaning);
}

/** `--json`, for the commands that print data. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** The options that select leases. */
export function addFilterOptions(command: Command): Command {
  return command
    .addOption(new Option('--pool <NAME>', 'only leases of this pool').argParser(parseName))
    .addOption(new Option('--id <CONTAINER_ID>', 'only the leases of this container').argParser(parseName))
    .addOption(new Option('--tenant <NAME>', 'only leases of this tenant').argParser(parseName));
}

/** Examples at the end of a command's help, one on each line. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [call: string, meaning: string])[],
): Command {
  const width = Math.max(...examples.map(([call]) => call.length));
  const lines = examples.map(([call, meaning]) => `  $ ${call.padEnd(width)}  # ${meaning}`);
  return command.addHelpText('after', ['', examples.length > 1 ? 'Examples:' : 'Example:', ...lines].join('\n'));
}

/**
 * Runs `work` with a client on the socket of the options, and closes the client. `reachMs`: how long to retry while no daemon
 * listens.
 */
export async function withClient<T>(
  dependencies: Dependencies,
  options: PathOptions & { readonly reachMs?: number },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { socketPath } = resolvePaths(options, dependencies.env);
  const { reachMs } = options;
  const client = await dependencies.openClient(reachMs === undefined ? { socketPath } : { socketPath, reachMs });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export function parseName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** A whole number of at least `least`. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) return count;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
  };
}

/** Seconds, with an optional fraction; 0 only if `zero`. */
export function parseSeconds({ zero }: { zero: boolean }): (text: string) => number {
  return (text) => {
    const seconds = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(seconds) && (zero || seconds > 0)) return seconds;
    throw new InvalidArgumentError(
      `It must be a number of seconds${zero ? ', 0 or more' : ', more than 0'}, such as 30 or 0.5.`,
    );
  };
}
