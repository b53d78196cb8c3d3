import type { IncomingHttpHeaders } from 'node:http';
import { NetnsdError } from '../errors.js';
import type { Lease, PoolService } from '../pool/index.js';
import type { Handover, PeerCredentials } from './handover.js';
import type { ApiLog, ApiOptions } from './options.js';
import { containerKey } from './runtime-root.js';
import type { ApiPatchBundle, ApiPatchedBundle } from './schemas/index.js';

/** What is asked for a container as its runtime knows it, however the request came. */
export class ContainerRequests {
  readonly #service: PoolService;
  readonly #log: ApiLog;
  readonly #patchBundle: ApiOptions['patchBundle'];

  constructor({ service, log, patchBundle }: Pick<ApiOptions, 'service' | 'log' | 'patchBundle'>) {
    this.#service = service;
    this.#log = log;
    this.#patchBundle = patchBundle;
  }

  /** Throws NetnsdErrors; then nothing is held. */
  async patch(
    body: ApiPatchBundle,
    { headers, handover }: { headers: IncomingHttpHeaders; handover: Handover },
  ): Promise<ApiPatchedBundle> {
    const containerId = containerKey(body.containerId, headers);
    const { signal, peer } = handover;
    const patched = await this.#patchBundle({ ...body, containerId, signal, peer });
    if (patched.lease !== undefined) {
      const isNew = handover.hold([patched.lease]);
      const { lease } = patched;
      // A container waits for the answer, and nobody for the log.
      setImmediate(() => logLeases(this.#log, [lease], { isNew, peer }));
    }
    return patched;
  }

  /** Releases what a container holds, in every pool. Throws `lease_in_use` unless forced. */
  async release(containerId: string, options: { headers: IncomingHttpHeaders; force: boolean }): Promise<void> {
    const leases = this.#service.leases({ containerId: containerKey(containerId, options.headers) });
    const ids = leases.map(({ id }) => id);
    if (!options.force) await this.#refuseOccupied(ids);
    this.#releaseAll(ids, options.force);
  }

  /** Releases leases by id; one that is not there (any more) is no error. Throws `lease_in_use` unless forced. */
  async releaseLeases(ids: readonly string[], { force }: { force: boolean }): Promise<void> {
    if (!force) await this.#refuseOccupied(ids);
    this.#releaseAll(ids, force);
  }

  /** Refuses while a process is inside: an endpoint in use is not to be taken away by mistake. */
  async #refuseOccupied(ids: readonly string[]): Promise<void> {
    const occupants = await this.#service.occupants(ids);
    const at = occupants.findIndex((pids) => pids.length > 0);
    if (at >= 0) throw inUse(ids[at] as string, occupants[at] as number[]);
  }

  #releaseAll(ids: readonly string[], forced: boolean): void {
    for (const id of ids) if (this.#service.release(id)) this.#log.debug({ lease: id, forced }, 'released');
  }
}

/** Who got what, for those who ask later; a container that asks for its own again is not worth a line. */
export function logLeases(
  log: ApiLog,
  leases: readonly Lease[],
  { isNew, peer }: { isNew: boolean; peer: PeerCredentials | null },
): void {
  for (const { id, pool, containerId, tenant, source } of leases) {
    const details = { lease: id, pool, containerId, tenant, source, ...peer };
    if (isNew) log.info(details, 'leased');
    else log.debug(details, 'leased already');
  }
}

const SHOWN_PIDS = 5;

function inUse(leaseId: string, pids: readonly number[]): NetnsdError {
  const shown = pids.slice(0, SHOWN_PIDS).join(', ') + (pids.length > SHOWN_PIDS ? ', …' : '');
  const who = pids.every((pid) => pid === 0) ? 'a process that netnsd may not see' : `process ${shown}`;
  const message = `lease ${leaseId} is in use by ${who}: stop the container first, or force its release`;
  return new NetnsdError('lease_in_use', message, { details: { lease: leaseId, pids: [...pids] } });
}
