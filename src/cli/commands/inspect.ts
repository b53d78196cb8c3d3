import type { Command } from 'commander';
import type { Invocation } from '../dependencies.js';
import { renderEndpoint } from '../endpoint-text.js';
import { renderLease } from '../lease-text.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderJson } from '../table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd inspect`: everything about one lease, or one endpoint. */
export function addInspect(program: Command, invocation: Invocation): void {
  const command = program
    .command('inspect')
    .summary('show everything about a lease or an endpoint')
    .description(
      'Show everything about a lease (namespace, interface, addresses, routes, ports, DNS), or about an endpoint: its state, what became of it, and why it was replaced.',
    )
    .argument('<ID>', "the lease's id, or the endpoint's, such as default-17", parseName);
  addSocketOption(addJsonOption(command)).action(async (id: string, options: Options) => {
    const { json } = options;
    const text = await withClient(invocation, options, async (client) => {
      if (!isEndpointId(id)) {
        const lease = await client.lease(id);
        return json ? renderJson(lease) : renderLease(lease);
      }
      const endpoint = await client.endpoint(id);
      return json ? renderJson(endpoint) : renderEndpoint(endpoint);
    });
    invocation.stdout.write(text);
  });
  addExamples(command, [
    ['netnsd inspect 1a7d9b22488c8642', 'for a reader'],
    ['netnsd inspect 1a7d9b22488c8642 --json | jq -r .netns.path', 'one thing of it, for a script'],
    ['netnsd inspect default-17', 'an endpoint, also one that was replaced lately: why'],
  ]);
}

/** `POOL-SEQ`; no lease's id has a dash. */
function isEndpointId(id: string): boolean {
  return id.includes('-');
}
