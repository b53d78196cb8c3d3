import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples } from '../options.js';

/** `netnsd bench`: measurements; everything after the suite's name is the suite's own. */
export function addBench(program: Command, invocation: Invocation): void {
  const command = program
    .command('bench')
    .summary('measure builds, acquires and container starts')
    .description('Measure on this machine, and print medians and p99. All but sizing need root.')
    .argument('<SUITE>', 'build, acquire, start, memory or sizing')
    .argument('[OPTION...]', "the suite's own options: see netnsd bench SUITE --help")
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      [
        '',
        'Suites:',
        '  build    building endpoints, against C, the CNI bridge plugin and `ip` commands',
        '  acquire  acquiring over the socket, from one client and from many',
        '  start    container starts on leased namespaces, against host networking',
        "  memory   the daemon's resident memory, and the kernel's for an endpoint",
        '  sizing   how a pool that sizes itself fares against fixed sizes, simulated; needs no root',
      ].join('\n'),
    )
    .action(async (suite: string, options: string[]) => {
      invocation.status = await invocation.runBench([suite, ...options]);
    });
  addExamples(command, [['sudo netnsd bench build', 'how fast endpoints are built here']]);
}
