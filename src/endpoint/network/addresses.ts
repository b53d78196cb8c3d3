import { NetnsdError } from '../../errors.js';
import { isNotFound } from '../../kernel/errno.js';
import type { Host } from '../host.js';
import { type SocketRequest, transactAll } from '../hub/socket-request.js';
import { addressBytes } from '../plan.js';
import { type EndpointName, type Settled, UNKNOWN_INDEX } from '../types.js';
import { forgetDeparted } from './forget-connections.js';
import type { Network } from './network.js';

interface AddressesOptions {
  readonly host: Host;
  readonly networks: ReadonlyMap<string, Network>;
}

/** What the host knows of the addresses of endpoints, to be forgotten when they are gone. */
export class Addresses {
  readonly #options: AddressesOptions;
  /** Id of the endpoint that has an address, by pool and index: a record that is destroyed late may have lost it to another. */
  readonly #endpoints = new Map<string, string>();

  constructor(options: AddressesOptions) {
    this.#options = options;
  }

  /** The endpoint has its address from now on. */
  assign(name: EndpointName): void {
    this.#endpoints.set(keyOf(name), name.id);
  }

  /** See `forgetDeparted`; the failures by id. The address of a stray is not known. */
  async forgetConnections(names: readonly EndpointName[]): Promise<Map<string, Settled<void>>> {
    const { host, networks } = this.#options;
    const departed = names.flatMap((name) => {
      const network = networks.get(name.pool);
      if (network?.has(name.id) !== true) return [];
      return [{ name, addresses: addressBytes(network.planOf(name)) }];
    });
    const outcomes = await forgetDeparted(host, departed);
    return new Map(departed.flatMap(({ name }, at) => (outcomes[at]?.ok === false ? [[name.id, outcomes[at]]] : [])));
  }

  /** Gives the ports of endpoints that are gone back, and has the hubs forget their addresses; the failures by id. */
  release(names: readonly EndpointName[]): Map<string, NetnsdError> {
    const { networks } = this.#options;
    const requests: SocketRequest[] = [];
    const ids: string[] = [];
    const failures = this.#dismiss(names);
    for (const name of names) {
      const network = networks.get(name.pool);
      if (network === undefined || name.index === UNKNOWN_INDEX) continue;
      const own = network.detach(name.id, network.planOf(name));
      const key = keyOf(name);
      if ((this.#endpoints.get(key) ?? name.id) !== name.id) continue;
      this.#endpoints.delete(key);
      requests.push(...own);
      ids.push(...own.map(() => name.id));
    }
    for (const [position, outcome] of transactAll(requests).entries()) {
      if (outcome.ok || isNotFound(outcome.error)) continue;
      const id = ids[position] as string;
      failures.set(id, notRemoved(id, outcome.error));
    }
    return failures;
  }

  /** They are of no tenant any more. */
  #dismiss(names: readonly EndpointName[]): Map<string, NetnsdError> {
    const failures = new Map<string, NetnsdError>();
    for (const [pool, { walls }] of this.#options.networks) {
      const ids = names.filter((name) => name.pool === pool).map(({ id }) => id);
      try {
        walls.dismiss(ids);
      } catch (error) {
        if (!(error instanceof NetnsdError)) throw error;
        for (const id of ids) failures.set(id, notRemoved(id, error));
      }
    }
    return failures;
  }
}

function notRemoved(id: string, cause: NetnsdError): NetnsdError {
  const message = `cannot remove endpoint ${id}: ${cause.message}`;
  return new NetnsdError('destroy_failed', message, { details: { endpoint: id }, cause });
}

function keyOf({ pool, index }: EndpointName): string {
  return `${pool} ${index}`;
}
