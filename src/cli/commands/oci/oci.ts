import { type Command, Option } from 'commander';
import type { Invocation } from '../../dependencies.js';
import { type Patched, type PatchOptions, patch } from '../../oci-patch.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../../options.js';
import { renderNewLeases } from '../../text/lease-text.js';
import { renderJson } from '../../text/table.js';
import { addHooks } from './oci-hooks.js';

/** `netnsd oci`: bundles of OCI runtimes. */
export function addOci(program: Command, invocation: Invocation): void {
  const oci = program
    .command('oci')
    .summary('connect OCI bundles to leased namespaces')
    .description('Connect OCI bundles to leased namespaces: by the path in config.json, or by hooks.');
  addExamples(oci, [['netnsd oci patch ./bundle --id web-1', 'then: runc run --bundle ./bundle web-1']]);
  const command = oci
    .command('patch')
    .summary("lease a namespace and write its path into a bundle's config.json")
    .description(
      "Lease a namespace and write its path into a bundle's config.json. If that fails, the file is unchanged and nothing stays leased.",
    )
    .argument('<BUNDLE>', 'the folder that holds config.json', parseName)
    .addOption(
      new Option('--id <CONTAINER_ID>', 'container that will run the bundle')
        .argParser(parseName)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--pool <NAME>', 'pool to lease from (default: the pool "default", or the only one)').argParser(
        parseName,
      ),
    )
    .addOption(
      new Option('--tenant <NAME>', 'tenant that the container serves (default: "default")').argParser(parseName),
    )
    .option('--dns', "mount the lease's DNS settings as /etc/resolv.conf and its names as /etc/hosts");
  addSocketOption(addJsonOption(command)).action(async (bundle: string, options: PatchOptions & { json?: true }) => {
    const patched = await withClient(invocation, options, (client) => patch(client, bundle, options));
    invocation.stdout.write(options.json ? renderJson(patched.lease) : render(patched));
  });
  addExamples(command, [
    ['netnsd oci patch ./bundle --id web-1', 'lease and patch'],
    ['runc run --bundle ./bundle web-1', 'start the container in the namespace'],
    ['netnsd release --id web-1', 'after the container has ended'],
  ]);
  addHooks(oci, invocation);
}

function render({ lease, specPath, isRepeat }: Patched): string {
  const said = isRepeat ? `${specPath} already has the path of this lease` : `patched ${specPath}`;
  return `${renderNewLeases([lease])}${said}\n`;
}
