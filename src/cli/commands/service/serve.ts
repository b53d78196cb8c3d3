import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Invocation, ServeOptions } from '../../dependencies.js';
import { addExamples, addSocketOption, addStateDirOption } from '../../options.js';
import { type PathOptions, resolvePaths } from '../../paths.js';

interface Options extends PathOptions {
  readonly config?: string;
  readonly netnsDir?: string;
  readonly logLevel?: NonNullable<ServeOptions['logLevel']>;
}

/** `netnsd serve`: the daemon, in the foreground. */
export function addServe(program: Command, invocation: Invocation): void {
  const command = program
    .command('serve')
    .summary('run the daemon in the foreground')
    .description(
      'Run the daemon in the foreground: fill the pools and serve requests on the socket until SIGTERM or SIGINT. Needs root.',
    )
    .option('--config <FILE>', 'configuration (default: /etc/netnsd/netnsd.toml if it exists)');
  addSocketOption(addStateDirOption(command))
    .option(
      '--netns-dir <DIR>',
      'folder for a symbolic link to each namespace, for `ip netns` (default: the configuration, or none)',
    )
    .addOption(
      new Option('--log-level <LEVEL>', 'lowest level to log (default: the configuration, or info)').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .action(async (options: Options) => {
      invocation.status = await invocation.serve({
        ...resolvePaths(options, invocation.env),
        configPath: options.config ?? null,
        netnsDir: options.netnsDir === undefined ? null : resolve(options.netnsDir),
        logLevel: options.logLevel ?? null,
      });
    });
  addExamples(command, [
    ['sudo netnsd serve', 'without a configuration: one pool of at most 256 endpoints'],
    ['sudo netnsd serve --config ./netnsd.toml --state-dir /run/netnsd-test', 'a second daemon beside the first'],
  ]);
}
