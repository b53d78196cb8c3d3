import { type Command, Option } from 'commander';
import { NetnsdError } from '../../errors.js';
import type { Invocation } from '../dependencies.js';
import { type HooksOptions, makeHooks } from '../oci-hooks.js';
import { addExamples, addSocketOption, parseName } from '../options.js';

/** `netnsd oci hooks`: for callers that want hooks and not a runtime wrapper. */
export function addHooks(oci: Command, invocation: Invocation): void {
  const command = oci
    .command('hooks')
    .summary('print the hooks that give a container its network')
    .description(
      "Print the JSON that belongs into a bundle's config.json to have its network from netnsd by OCI hooks. With --hooks-d, write it as files for Podman and CRI-O, and print their paths.",
    )
    .addOption(
      new Option('--program <PATH>', 'netnsd-runc as the runtime finds it (default: looked for on PATH)').argParser(
        parseName,
      ),
    )
    .addOption(new Option('--hooks-d <DIR>', 'write one file a stage into this hooks directory').argParser(parseName))
    .option('--always', 'with --hooks-d: for every container, not only those with an annotation of netnsd');
  addSocketOption(command).action(async (options: HooksOptions) => {
    if (options.always && options.hooksD === undefined)
      throw new NetnsdError('bad_usage', '--always is of use with --hooks-d only');
    invocation.stdout.write(await makeHooks(options, invocation.env));
  });
  addExamples(command, [
    ["netnsd oci hooks | jq -s '.[0] + .[1]' config.json - > new.json", 'into a spec that has no hooks yet'],
    ['sudo netnsd oci hooks --hooks-d /etc/containers/oci/hooks.d', 'for Podman and CRI-O'],
    ['sudo podman run --network none --annotation dev.netnsd.pool=default IMAGE', 'asks for a pooled network'],
  ]);
}
