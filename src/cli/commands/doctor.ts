import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, addStateDirOption, withClient } from '../options.js';
import { type PathOptions, resolvePaths } from '../paths.js';
import { renderReport } from '../text/doctor-text.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly fix?: true;
  readonly verbose?: true;
  readonly json?: true;
  readonly config?: string;
}

/** `netnsd doctor`: checks of this host and its daemon. */
export function addDoctor(program: Command, invocation: Invocation): void {
  const command = program
    .command('doctor')
    .summary('find problems of this host, and how to fix them')
    .description(
      'Check this host, and the daemon if one answers, and print each problem with its fix. Exit status 1 if a check failed. Changes nothing, unless --fix has the daemon repair its own objects.',
    )
    .option('--fix', 'have the daemon repair its endpoints, hubs and links; settings of the host are never changed')
    .option('--verbose', 'show checks that are ok as well')
    .option('--config <FILE>', 'configuration to check (default: /etc/netnsd/netnsd.toml if it exists)');
  addSocketOption(addStateDirOption(addJsonOption(command))).action(async (options: Options) => {
    const paths = { ...resolvePaths(options, invocation.env), configPath: options.config ?? null };
    const report = await withClient(invocation, { ...options, reachMs: 0 }, (client) =>
      invocation.doctor({ ...paths, client, fix: options.fix ?? false }),
    );
    const text = options.json ? renderJson(report) : renderReport(report, { verbose: options.verbose ?? false });
    invocation.stdout.write(text);
    if (report.counts.fail > 0) invocation.status = 1;
  });
  addExamples(command, [
    ['sudo netnsd doctor', 'check this host; without root some checks are unknown'],
    ['sudo netnsd doctor --fix', 'repair changed or deleted hubs, links and namespaces'],
    ['sudo netnsd doctor --json | jq \'.checks[] | select(.status == "fail")\'', 'the failed checks, for a script'],
  ]);
}
