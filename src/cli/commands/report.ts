import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, addStateDirOption, parseName, withClient } from '../options.js';
import { type PathOptions, resolvePaths } from '../paths.js';

interface Options extends PathOptions {
  readonly config?: string;
}

/** `netnsd report`: what a bug report needs, in one file. */
export function addReport(program: Command, invocation: Invocation): void {
  const command = program
    .command('report')
    .summary('collect what a bug report needs in one file')
    .description(
      "Write versions, configuration, status, doctor's checks, links, rules for forwarded packets and the newest events into one file, JSON. Names of containers and tenants are replaced by digests. Changes nothing else; without root some of it is missing.",
    )
    .argument('[FILE]', 'file to write, which must not exist (default: netnsd-report.json)', parseName)
    .option('--config <FILE>', 'configuration to include (default: /etc/netnsd/netnsd.toml if it exists)');
  addSocketOption(addStateDirOption(command)).action(async (file: string | undefined, options: Options) => {
    const paths = { ...resolvePaths(options, invocation.env), configPath: options.config ?? null };
    const target = file ?? 'netnsd-report.json';
    await withClient(invocation, { ...options, reachMs: 0 }, (client) =>
      invocation.report({ ...paths, client, file: target }),
    );
    invocation.stdout.write(`${target}\n`);
  });
  addExamples(command, [
    ['sudo netnsd report', 'writes netnsd-report.json'],
    ['sudo netnsd report /tmp/report.json && jq .doctor /tmp/report.json', 'to look at it first'],
  ]);
}
