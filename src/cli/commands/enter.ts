import type { Command } from 'commander';
import type { EnterTarget, Invocation } from '../dependencies.js';
import { addExamples, addSocketOption, addStateDirOption, parseName, withClient } from '../options.js';
import { type PathOptions, resolvePaths } from '../paths.js';

const HUB = 'hub:';

/** `netnsd enter`: runs a command in the network namespace of an endpoint, a lease or a hub. */
export function addEnter(program: Command, invocation: Invocation): void {
  const command = program
    .command('enter')
    .summary('run a command in the network namespace of an endpoint, a lease or a hub')
    .description(
      'Run a command, or a shell, in the network namespace of an endpoint or a lease, or in a hub, where bridges and the other ends of endpoints are. It sees the files and processes of the host, and the network of that namespace. Needs root.',
    )
    .argument('<WHERE>', 'endpoint such as default-17, id of a lease, hub:POOL or hub:POOL.N', parseName)
    .argument('[COMMAND...]', 'command and its arguments (default: $SHELL or /bin/sh)')
    .passThroughOptions();
  addSocketOption(addStateDirOption(command)).action(async (where: string, words: string[], options: PathOptions) => {
    const { stateDir } = resolvePaths(options, invocation.env);
    const target = await targetOf(where, options, invocation);
    // Options of the command are passed on, and so is the `--` before it.
    const [name = invocation.env.SHELL || '/bin/sh', ...rest] = words[0] === '--' ? words.slice(1) : words;
    invocation.status = await invocation.enter({ stateDir, target, command: [name, ...rest] });
  });
  addExamples(command, [
    ['sudo netnsd enter default-17 -- ip address', 'what an endpoint has'],
    ['sudo netnsd enter hub:default -- tcpdump -ni uplink', 'what passes between a pool and the host'],
    ['sudo netnsd enter 1a7d9b22488c8642', 'a shell in the network namespace of a lease'],
  ]);
}

/** Only a lease has to be asked for: endpoints and hubs are there without a daemon too. */
async function targetOf(where: string, options: PathOptions, invocation: Invocation): Promise<EnterTarget> {
  if (where.startsWith(HUB)) return { hub: where.slice(HUB.length) };
  if (where.includes('-')) return { endpoint: where };
  const lease = await withClient(invocation, options, (client) => client.lease(where));
  return { path: lease.netns.path };
}
