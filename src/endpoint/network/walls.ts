import { NetnsdError } from '../../errors.js';
import type { PortWalls } from '../../kernel/rtnetlink/link.js';
import type { Hub } from '../hub/hub.js';
import { hubRules } from '../hub/hub-rules.js';
import type { NetworkSettings } from '../types.js';

/** What the endpoints of a pool may send, and to whom: settings of ports, and rules in hubs. */
export class Walls {
  readonly #settings: Pick<NetworkSettings, 'name' | 'antiSpoof' | 'isolation'>;
  /** Hubs that have the rules of these settings: before a reload they may have had others. */
  readonly #raised = new WeakSet<Hub>();

  constructor(settings: Pick<NetworkSettings, 'name' | 'antiSpoof' | 'isolation'>) {
    this.#settings = settings;
  }

  /** Of the ports of endpoints, and of the root hub's ports to other hubs. */
  get ports(): { readonly endpoint: PortWalls; readonly hub: PortWalls } {
    const { antiSpoof: locked, isolation } = this.#settings;
    const isolated = isolation === undefined ? undefined : isolation === 'full';
    return { endpoint: { locked, isolated }, hub: { isolated } };
  }

  /** Whether the rules in a hub are as they were made. Throws kernel_error. */
  stand(hub: Hub): boolean {
    return this.#settings.antiSpoof === undefined || (this.#raised.has(hub) && hub.walls.areIntact);
  }

  /** Gives hubs their rules, unless they have them; there are no endpoints in `root`. Throws missing_tool and kernel_error. */
  raise(hubs: readonly Hub[], root: Hub | null): void {
    const { antiSpoof = false } = this.#settings;
    for (const hub of hubs) if (!this.stand(hub)) this.#make(hub, hubRules({ antiSpoof: antiSpoof && hub !== root }));
  }

  #make(hub: Hub, script: string | null): void {
    try {
      hub.walls.make(script);
      this.#raised.add(hub);
    } catch (error) {
      if (!(error instanceof NetnsdError)) throw error;
      const advice = `pool ${this.#settings.name} has anti_spoof: mend that, or set anti_spoof = false`;
      throw new NetnsdError(error.code, `${error.message}; ${advice}`, { cause: error, details: error.details });
    }
  }
}
