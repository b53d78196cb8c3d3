import { formatSubnet, nthAddress, parseIpv4, subnetOfAddress } from '../../address/ipv4.js';
import type { EndpointPlan } from '../plan.js';

/** The address of an endpoint that was built when its pool had another subnet. */
export interface EarlierAddress {
  readonly subnet: string;
  /** Its index in that subnet. */
  readonly index: number;
}

/** What `built`, such as `10.213.0.3/16`, was in its pool's subnet; undefined: the plan's own. Pure. */
export function earlierAddress(
  built: string,
  { address, prefixLength }: Pick<EndpointPlan, 'address' | 'prefixLength'>,
): EarlierAddress | undefined {
  if (built === `${address.join('.')}/${prefixLength}`) return undefined;
  const subnet = subnetOfAddress(built);
  const index = parseIpv4(built.split('/')[0] as string) - nthAddress(subnet, 1) - 1;
  return { subnet: formatSubnet(subnet), index };
}
