import type { Command } from 'commander';
import { hasCode, NetnsdError } from '../../errors.js';
import type { Client, Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderEndpoint } from '../text/endpoint-text.js';
import { renderLease } from '../text/lease-text.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd inspect`: details of one lease or one endpoint. */
export function addInspect(program: Command, invocation: Invocation): void {
  const command = program
    .command('inspect')
    .summary('show a lease or an endpoint')
    .description(
      'Show the details of a lease (namespace, interface, addresses, routes, ports, DNS) or of an endpoint (state, events, and why it was replaced).',
    )
    .argument('<ID>', 'id of a lease, or of an endpoint such as default-17', parseName);
  addSocketOption(addJsonOption(command)).action(async (id: string, options: Options) => {
    const { json } = options;
    const text = await withClient(invocation, options, async (client) => {
      try {
        if (!isEndpointId(id)) {
          const lease = await client.lease(id);
          return json ? renderJson(lease) : renderLease(lease);
        }
        const endpoint = await client.endpoint(id);
        return json ? renderJson(endpoint) : renderEndpoint(endpoint);
      } catch (error) {
        throw await explain(error, client, id);
      }
    });
    invocation.stdout.write(text);
  });
  addExamples(command, [
    ['netnsd inspect 1a7d9b22488c8642', 'a lease'],
    ['netnsd inspect 1a7d9b22488c8642 --json | jq -r .netns.path', 'its path, for a script'],
    ['netnsd inspect default-17', 'an endpoint, present or replaced lately'],
  ]);
}

/** Of what is neither, but a container, the leases: people know those by their names. */
async function explain(error: unknown, client: Client, id: string): Promise<unknown> {
  if (!hasCode(error, 'lease_not_found') && !hasCode(error, 'endpoint_not_found')) return error;
  const leases = await client.leases({ containerId: id }).catch(() => []);
  if (leases.length === 0) return error;
  const calls = leases.map((lease) => `\`netnsd inspect ${lease.id}\``).join(', ');
  return new NetnsdError(error.code, `${id} is a container, and inspect takes leases and endpoints: ${calls}`);
}

/** Endpoint ids are `POOL-SEQ`; lease ids have no dash. */
function isEndpointId(id: string): boolean {
  return id.includes('-');
}
