import type { Command } from 'commander';
import { BENCH_SUITES, benchSuiteLines } from '../bench-suites.js';
import type { Invocation } from '../dependencies.js';
import { addExamples } from '../options.js';

/** `netnsd bench`: measurements. The arguments after the suite are passed to it. */
export function addBench(program: Command, invocation: Invocation): void {
  const command = program
    .command('bench')
    .summary('measure builds, acquires and container starts')
    .description('Measure on this machine, and print medians and p99. Needs root, except for sizing.')
    .argument('<SUITE>', Object.keys(BENCH_SUITES).join(', '))
    .argument('[OPTION...]', 'options of the suite: see `netnsd bench SUITE --help`')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText('after', `\nSuites:\n${benchSuiteLines()}`)
    .action(async (suite: string, options: string[]) => {
      invocation.status = await invocation.runBench([suite, ...options]);
    });
  addExamples(command, [['sudo netnsd bench build', 'how fast endpoints are built on this machine']]);
}
