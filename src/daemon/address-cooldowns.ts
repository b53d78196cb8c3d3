import { endpointCapacity, formatIpv4, nthAddress, parseIpv4, parseSubnet, subnetContains } from '../address/ipv4.js';
import type { PoolConfig } from '../config/index.js';
import type { AddressCooldown, AddressCooldowns } from '../pool/index.js';
import type { AddressRest, RecordWarning } from '../state/index.js';

/** Network and gateway come before the address of index 0. */
const FIRST_ENDPOINT = 2;

type RestPool = Pick<PoolConfig, 'name' | 'subnet' | 'max' | 'addressCooldownSeconds'>;

interface AddressRestsOptions {
  readonly pools: readonly RestPool[];
  readonly file: {
    load(warn: (warning: RecordWarning) => void): readonly AddressRest[];
    add(address: string, nowMs: number): void;
  };
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
}

/**
 * Remembers by address, not by index, which addresses rest: the same address rests though its pool got another name or
 * subnet meanwhile.
 */
export class PoolCooldowns implements AddressCooldowns {
  readonly #pools: ReadonlyMap<string, RestPool>;
  readonly #file: AddressRestsOptions['file'];
  readonly #log: AddressRestsOptions['log'];
  readonly #earlier: readonly AddressRest[];
  #failing = false;

  constructor({ pools, file, log }: AddressRestsOptions) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
    this.#file = file;
    this.#log = log;
    this.#earlier = file.load((warning) => log.warn(warning, 'which addresses rest cannot be read, so none does'));
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
        this.#log.warn({ err: error, address }, 'it cannot be recorded which addresses rest: a restart would not know');
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

/** Says which pools may have to wait for addresses when as many endpoints as they may have are replaced at once. */
export function sayTightSubnets(pools: readonly RestPool[], log: AddressRestsOptions['log']): void {
  for (const { name, subnet, max, addressCooldownSeconds } of pools) {
    const spare = endpointCapacity(parseSubnet(subnet)) - max;
    if (addressCooldownSeconds === 0 || spare >= max) continue;
    log.info(
      { pool: name, subnet, max, spare, addressCooldownSeconds },
      'the subnet has few addresses beyond max: where many endpoints are replaced, builds wait until addresses have rested',
    );
  }
}
