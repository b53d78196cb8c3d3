import { Command } from 'commander';
import { addAcquire } from './commands/acquire.js';
import { addBench } from './commands/bench.js';
import { addDoctor } from './commands/doctor.js';
import { addEnter } from './commands/enter.js';
import { addEvents } from './commands/events.js';
import { addHelp } from './commands/help.js';
import { addInspect } from './commands/inspect.js';
import { addList } from './commands/list.js';
import { addOci } from './commands/oci/oci.js';
import { addPool } from './commands/pool.js';
import { addRelease } from './commands/release.js';
import { addRenew } from './commands/renew.js';
import { addReport } from './commands/report.js';
import { addDown } from './commands/service/down.js';
import { addReload } from './commands/service/reload.js';
import { addServe } from './commands/service/serve.js';
import { addStatus } from './commands/status.js';
import type { Invocation } from './dependencies.js';
import { addExamples } from './options.js';

const COMMANDS = [
  addServe,
  addAcquire,
  addRelease,
  addRenew,
  addList,
  addInspect,
  addStatus,
  addPool,
  addReload,
  addOci,
  addEnter,
  addEvents,
  addDoctor,
  addReport,
  addBench,
  addDown,
];

/** All commands of `netnsd`. The program prints help and throws errors. */
export function buildProgram(invocation: Invocation): Command {
  const program = new Command('netnsd')
    .description('Pools of pre-built Linux network namespaces for container cold starts.')
    .version(invocation.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void invocation.stdout.write(text),
      writeErr: (text) => void invocation.stderr.write(text),
      outputError: () => undefined,
    });
  for (const add of COMMANDS) add(program, invocation);
  for (const parent of [program, ...program.commands.filter(({ commands }) => commands.length > 0)]) addHelp(parent);
  addExamples(program, [
    ['sudo netnsd serve', 'run the daemon'],
    ['netnsd acquire --id web-1', 'lease a namespace for container web-1'],
    ['netnsd oci patch ./bundle --id web-1', "the same, and write its path into a bundle's config.json"],
    ['netnsd release --id web-1', 'release it'],
  ]);
  return program;
}
