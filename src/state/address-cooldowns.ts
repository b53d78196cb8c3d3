import { formatIpv4, nthAddress, parseIpv4, parseSubnet, subnetContains } from '../address/ipv4.js';
import type { StoredCooldown } from './cooldown-file.js';
import type { RecordWarning } from './records/set-aside.js';

/** The addresses of the network and the gateway come before that of index 0. */
const FIRST_ENDPOINT = 2;

/** The address of an endpoint's index cools down since then, on the monotonic clock. */
interface IndexCooldown {
  readonly index: number;
  readonly sinceMs: number;
}

interface CooldownPool {
  readonly name: string;
  readonly subnet: string;
  readonly addressCooldownSeconds: number;
}

interface FileAddressCooldownsOptions {
  readonly pools: readonly CooldownPool[];
  readonly file: {
    load(warn: (warning: RecordWarning) => void): readonly StoredCooldown[];
    add(address: string, nowMs: number): void;
  };
  readonly log: { warn(details: object, message: string): void };
}

/**
 * The pool's `AddressCooldowns` on a file. Kept by address and not by index: an address cools down even if its pool is
 * renamed or gets another subnet.
 */
export class FileAddressCooldowns {
  readonly #pools: ReadonlyMap<string, CooldownPool>;
  readonly #file: FileAddressCooldownsOptions['file'];
  readonly #log: FileAddressCooldownsOptions['log'];
  readonly #earlier: readonly StoredCooldown[];
  #failing = false;

  constructor({ pools, file, log }: FileAddressCooldownsOptions) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
    this.#file = file;
    this.#log = log;
    this.#earlier = file.load((warning) => log.warn(warning, 'failed to read the address cooldowns; none is kept'));
  }

  /** A failure is logged once, until a write succeeds again. */
  add(pool: string, { index, sinceMs }: IndexCooldown): void {
    const settings = this.#pools.get(pool);
    if (settings === undefined || settings.addressCooldownSeconds === 0) return;
    const address = formatIpv4(nthAddress(parseSubnet(settings.subnet), FIRST_ENDPOINT + index));
    try {
      this.#file.add(address, sinceMs);
      this.#failing = false;
    } catch (err) {
      if (!this.#failing)
        this.#log.warn({ err, address }, 'failed to record address cooldowns; a restart would lose them');
      this.#failing = true;
    }
  }

  of(pool: string): IndexCooldown[] {
    const settings = this.#pools.get(pool);
    if (settings === undefined) return [];
    const subnet = parseSubnet(settings.subnet);
    return this.#earlier
      .map(({ address, sinceMs }) => ({ address: parseIpv4(address), sinceMs }))
      .filter(({ address }) => subnetContains(subnet, address))
      .map(({ address, sinceMs }) => ({ index: address - subnet.network - FIRST_ENDPOINT, sinceMs }));
  }
}
