import { type Command, Option } from 'commander';
import { NetnsdError } from '../../../errors.js';
import type { Invocation } from '../../dependencies.js';
import { type HooksOptions, makeHooks } from '../../oci-hooks.js';
import { addExamples, addSocketOption, parseName } from '../../options.js';

/** `netnsd oci hooks`: the network of containers through OCI hooks, without a runtime wrapper. */
export function addHooks(oci: Command, invocation: Invocation): void {
  const command = oci
    .command('hooks')
    .summary('print the hooks that give a container its network')
    .description(
      "Print the hooks that give a container its network, as JSON for the bundle's config.json. With --hooks-d, write them as files for Podman and CRI-O, and print their paths.",
    )
    .addOption(
      new Option(
        '--program <PATH>',
        'absolute path of netnsd-runc on the machine of the runtime (default: found on PATH)',
      ).argParser(parseName),
    )
    .addOption(
      new Option('--hooks-d <DIR>', 'write a file for each stage into this hooks directory').argParser(parseName),
    )
    .option('--always', 'with --hooks-d: for every container, not only those with a netnsd annotation');
  addSocketOption(command).action(async (options: HooksOptions) => {
    if (options.always && options.hooksD === undefined)
      throw new NetnsdError('bad_usage', '--always requires --hooks-d');
    invocation.stdout.write(await makeHooks(options, invocation.env));
  });
  addExamples(command, [
    ["netnsd oci hooks | jq -s '.[0] + .[1]' config.json - > new.json", 'add them to a spec without hooks'],
    ['sudo netnsd oci hooks --hooks-d /etc/containers/oci/hooks.d', 'for Podman and CRI-O'],
    ['sudo podman run --network none --annotation dev.netnsd.pool=default IMAGE', 'a container with a pooled network'],
  ]);
}
