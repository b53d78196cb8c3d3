import { formatSubnet, nthAddress, parseIpv4, subnetOfAddress } from '../../address/ipv4.js';
import { formatSubnet6, subnet6OfAddress } from '../../address/ipv6.js';
import { addressesOf, type EndpointPlan, type Subnet, type Subnets, subnetOf } from '../plan.js';
import type { EndpointFacts } from '../types.js';

/** The address of an endpoint that was built when its pool had other subnets. */
export interface EarlierAddress extends Subnets {
  /** Its index in that subnet. */
  readonly index: number;
}

/** What `built`, such as `10.213.0.3/16`, was in its pool's subnets; undefined: the plan's own. Pure. */
export function earlierAddress(built: EndpointFacts['addresses'], plan: EndpointPlan): EarlierAddress | undefined {
  const [ipv4, ipv6] = built.map(({ address }) => address);
  const [planned, planned6] = addressesOf(plan).map(({ address }) => address);
  if (ipv4 === undefined || (ipv4 === planned && ipv6 === planned6)) return undefined;
  const subnet = subnetOfAddress(ipv4);
  const index = parseIpv4(ipv4.split('/')[0] as string) - nthAddress(subnet, 1) - 1;
  const subnet6 = ipv6 === undefined ? null : formatSubnet6(subnet6OfAddress(ipv6));
  return { subnet: formatSubnet(subnet), subnet6, index };
}

/** Endpoints that were built when their pool had other subnets, by id. */
export class EarlierSubnets {
  readonly #present: Subnets;
  readonly #earlier = new Map<string, EarlierAddress>();

  constructor(present: Subnets) {
    this.#present = present;
  }

  of(id: string): EarlierAddress | undefined {
    return this.#earlier.get(id);
  }

  keep(id: string, earlier: EarlierAddress): void {
    this.#earlier.set(id, earlier);
  }

  /** Those of the pool, and those of endpoints that were built with others. */
  get all(): readonly Subnet[] {
    return [...new Set([this.#present, ...this.#earlier.values()].map(subnetOf))];
  }

  /** The endpoint is gone: its subnets, if they are no other's. */
  release(id: string): Subnet | null {
    const earlier = this.#earlier.get(id);
    if (earlier === undefined) return null;
    this.#earlier.delete(id);
    const subnet = subnetOf(earlier);
    return this.all.includes(subnet) ? null : subnet;
  }
}
