import type { Command } from 'commander';
import { hasCode, NetnsdError } from '../../errors.js';
import type { Client, Invocation } from '../dependencies.js';
import { addExamples, addJsonOption, addSocketOption, parseName, withClient } from '../options.js';
import type { PathOptions } from '../paths.js';
import { renderEndpoint } from '../text/endpoint-text.js';
import { renderLease } from '../text/lease-text.js';
import { renderPool } from '../text/pool-text.js';
import { renderJson } from '../text/table.js';

interface Options extends PathOptions {
  readonly json?: true;
}

/** `netnsd inspect`: details of one lease, endpoint or pool. */
export function addInspect(program: Command, invocation: Invocation): void {
  const command = program
    .command('inspect')
    .summary('show a lease, an endpoint or a pool')
    .description(
      'Show the details of a lease (namespace, interface, addresses, routes, ports, DNS), of an endpoint (state, events, and why it was replaced) or of a pool (every setting as in effect).',
    )
    .argument('<ID>', 'id of a lease, of an endpoint such as default-17, or name of a pool', parseName);
  addSocketOption(addJsonOption(command)).action(async (id: string, options: Options) => {
    const { json } = options;
    const text = await withClient(invocation, options, async (client) => {
      const { shown, render } = await find(client, id);
      return json ? renderJson(shown) : render();
    });
    invocation.stdout.write(text);
  });
  addExamples(command, [
    ['netnsd inspect 1a7d9b22488c8642', 'a lease'],
    ['netnsd inspect 1a7d9b22488c8642 --json | jq -r .netns.path', 'its path, for a script'],
    ['netnsd inspect default-17', 'an endpoint, present or replaced lately'],
    ['netnsd inspect default', 'a pool, with its settings'],
  ]);
}

interface Found {
  readonly shown: unknown;
  readonly render: () => string;
}

async function find(client: Client, id: string): Promise<Found> {
  try {
    if (isEndpointId(id)) {
      const endpoint = await client.endpoint(id);
      return { shown: endpoint, render: () => renderEndpoint(endpoint) };
    }
    const lease = await client.lease(id);
    return { shown: lease, render: () => renderLease(lease) };
  } catch (error) {
    if (!hasCode(error, 'lease_not_found') && !hasCode(error, 'endpoint_not_found')) throw error;
    const pool = await client.pool(id).catch(() => undefined);
    if (pool !== undefined) return { shown: pool, render: () => renderPool(pool) };
    throw await explain(error, client, id);
  }
}

/** Of what is neither, but a container, the leases: people know those by their names. */
async function explain(error: NetnsdError, client: Client, id: string): Promise<NetnsdError> {
  const leases = await client.leases({ containerId: id }).catch(() => []);
  if (leases.length === 0) return error;
  const calls = leases.map((lease) => `\`netnsd inspect ${lease.id}\``).join(', ');
  return new NetnsdError(error.code, `${id} is a container, and inspect takes leases and endpoints: ${calls}`);
}

/** Endpoint ids are `POOL-SEQ`; lease ids have no dash. */
function isEndpointId(id: string): boolean {
  return id.includes('-');
}
