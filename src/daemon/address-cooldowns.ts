import { endpointCapacity, formatIpv4, nthAddress, parseIpv4, parseSubnet, subnetContains } from '../address/ipv4.js';
import type { PoolConfig } from '../config/index.js';
import type { AddressCooldown, AddressCooldowns } from '../pool/index.js';
import type { AddressInCooldown, RecordWarning } from '../state/index.js';

/** Network and gateway come before the address of index 0. */
const FIRST_ENDPOINT = 2;

type CooldownPool = Pick<PoolConfig, 'name' | 'subnet' | 'max' | 'addressCooldownSeconds'>;

interface PoolCooldownsOptions {
  readonly pools: readonly CooldownPool[];
  readonly file: {
    load(warn: (warning: RecordWarning) => void): readonly AddressInCooldown[];
    add(address: string, nowMs: number): void;
  };
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
}

/**
 * Remembers cooldowns by address, not by index: a cooldown continues though the pool has another name or subnet after a
 * restart.
 */
export class PoolCooldowns implements AddressCooldowns {
  readonly #pools: ReadonlyMap<string, CooldownPool>;
  readonly #file: PoolCooldownsOptions['file'];
  readonly #log: PoolCooldownsOptions['log'];
  readonly #earlier: readonly AddressInCooldown[];
  #failing = false;

  constructor({ pools, file, log }: PoolCooldownsOptions) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
    this.#file = file;
    this.#log = log;
    this.#earlier = file.load((warning) => log.warn(warning, 'failed to read address cooldowns; none is continued'));
  }

  add(pool: string, { index, sinceMs }: AddressCooldown): void {
    const settings = this.#pools.get(pool);
    if (settings === undefined || settings.addressCooldownSeconds === 0) return;
    const address = formatIpv4(nthAddress(parseSubnet(settings.subnet), FIRST_ENDPOINT + index));
    try {
      this.#file.add(address, sinceMs);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#log.warn(
          { err: error, address },
          'failed to record an address cooldown; a restart would not continue it',
        );
      this.#failing = true;
    }
  }

  of(pool: string): AddressCooldown[] {
    const settings = this.#pools.get(pool);
    if (settings === undefined) return [];
    const subnet = parseSubnet(settings.subnet);
    return this.#earlier
      .map(({ address, sinceMs }) => ({ address: parseIpv4(address), sinceMs }))
      .filter(({ address }) => subnetContains(subnet, address))
      .map(({ address, sinceMs }) => ({ index: address - subnet.network - FIRST_ENDPOINT, sinceMs }));
  }
}

/** Logs which pools may have to wait for addresses when all of their endpoints are replaced at once. */
export function sayTightSubnets(pools: readonly CooldownPool[], log: PoolCooldownsOptions['log']): void {
  for (const { name, subnet, max, addressCooldownSeconds } of pools) {
    const spare = endpointCapacity(parseSubnet(subnet)) - max;
    if (addressCooldownSeconds === 0 || spare >= max) continue;
    log.info(
      { pool: name, subnet, max, spare, addressCooldownSeconds },
      'the subnet has few addresses beyond max: where many endpoints are replaced, builds wait for the end of cooldowns',
    );
  }
}
