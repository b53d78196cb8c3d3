import { type Command, Option } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderNewLeases } from '../lease-text.js';
import { type Patched, type PatchOptions, patch } from '../oci-patch.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../options.js';
import { renderJson } from '../table.js';
import { addHooks } from './oci-hooks.js';

/** `netnsd oci`: for those who start runc, crun or containerd themselves. */
export function addOci(program: Command, invocation: Invocation): void {
  const oci = program
    .command('oci')
    .summary('put a bundle on a leased namespace, by its spec or by hooks')
    .description('Work on OCI bundles, for those who start runc or crun themselves.');
  addExamples(oci, [['netnsd oci patch ./bundle --id web-1', 'then: runc run --bundle ./bundle web-1']]);
  const command = oci
    .command('patch')
    .summary("lease a namespace and write its path into a bundle's config.json")
    .description(
      "Lease a namespace and write its path into a bundle's config.json. On failure the file is unchanged and nothing stays leased.",
    )
    .argument('<BUNDLE>', 'the directory that holds config.json', parseName)
    .addOption(
      new Option('--id <CONTAINER_ID>', 'container that will run the bundle')
        .argParser(parseName)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--pool <NAME>', 'pool to take it from (default: the pool default, or the only one)').argParser(
        parseName,
      ),
    )
    .addOption(new Option('--tenant <NAME>', 'whom the container serves (default: default)').argParser(parseName))
    .option('--dns', "mount the lease's DNS settings and names as /etc/resolv.conf and /etc/hosts");
  addSocketOption(addJsonOption(command)).action(async (bundle: string, options: PatchOptions & { json?: true }) => {
    const patched = await withClient(invocation, options, (client) => patch(client, bundle, options));
    invocation.stdout.write(options.json ? renderJson(patched.lease) : render(patched));
  });
  addExamples(command, [
    ['netnsd oci patch ./bundle --id web-1', 'lease and patch'],
    ['runc run --bundle ./bundle web-1', 'the container starts on the namespace'],
    ['netnsd release --id web-1', 'once it has ended'],
  ]);
  addHooks(oci, invocation);
}

function render({ lease, specPath, isRepeat }: Patched): string {
  const said = isRepeat ? `${specPath} has the path of this lease already: nothing to do` : `patched ${specPath}`;
  return `${renderNewLeases([lease])}${said}\n`;
}
