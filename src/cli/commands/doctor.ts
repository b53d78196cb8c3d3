import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderReport } from '../doctor-text.js';
import { addExamples, addJsonOption, addSocketOption, addStateDirOption, withClient } from '../options.js';
import { type PathOptions, resolvePaths } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly fix?: true;
  readonly verbose?: true;
  readonly json?: true;
  readonly config?: string;
}

/** `netnsd doctor`: what is wrong with this host. */
export function addDoctor(program: Command, invocation: Invocation): void {
  const command = program
    .command('doctor')
    .summary('tell what is wrong with this host, and how to mend it')
    .description(
      'Look at this host, and at the daemon if one answers, and tell what is wrong and how to mend each. Exit status 1 if something failed. Changes nothing; with --fix the daemon mends what is its own.',
    )
    .option('--fix', 'have the daemon mend what is its own: endpoints, bridges, links; never settings of the host')
    .option('--verbose', 'show what is fine as well')
    .option('--config <FILE>', 'configuration to look at (default: /etc/netnsd/netnsd.toml if it exists)');
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
    ['sudo netnsd doctor', 'what is wrong; without root less can be told'],
    ['sudo netnsd doctor --fix', 'mend what somebody did to bridges, links and namespaces'],
    ['sudo netnsd doctor --json | jq \'.checks[] | select(.status == "fail")\'', 'for programs'],
  ]);
}
