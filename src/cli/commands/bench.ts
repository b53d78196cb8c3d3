import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { addExamples } from '../options.js';

/** `netnsd bench`: measurements. The arguments after the suite are passed to it. */
export function addBench(program: Command, invocation: Invocation): void {
  const command = program
    .command('bench')
    .summary('measure builds, acquires and container starts')
    .description('Measure on this machine, and print medians and p99. Needs root, except for sizing.')
    .argument('<SUITE>', 'one of those below')
    .argument('[OPTION...]', 'options of the suite: see `netnsd bench SUITE --help`')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      [
        '',
        'Suites:',
        '  build    builds of endpoints, compared with C, the CNI bridge plugin and `ip` commands',
        '  boot     from exec of `netnsd serve` to its first answer',
        '  fill     from exec of `netnsd serve` to a full pool, compared with C',
        '  acquire  acquires over the socket, by one client and by many',
        '  cli      `netnsd acquire --path` and `netnsd release`, compared with /bin/true',
        '  start    container starts in leased namespaces, compared with host networking',
        '  recycle  released endpoints ready again, by seal, by proof and by replacement',
        "  memory   the daemon's resident memory, and the kernel memory of an endpoint",
        '  sizing   simulated: demand-driven pool sizes compared with fixed ones; needs no root',
      ].join('\n'),
    )
    .action(async (suite: string, options: string[]) => {
      invocation.status = await invocation.runBench([suite, ...options]);
    });
  addExamples(command, [['sudo netnsd bench build', 'how fast endpoints are built on this machine']]);
}
