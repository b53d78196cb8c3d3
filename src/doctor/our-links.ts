import { uplinkName } from '../endpoint/hub/hub-names.js';
import { gatewayMac, macText, subnetOf } from '../endpoint/plan.js';
import type { Machine } from './machine.js';

/** A link of netnsd's in the host, as other programs that manage links see it. */
export interface OurLink {
  readonly name: string;
  readonly kind: 'veth';
  /** Its type for networkd. */
  readonly type: 'ether';
  readonly mac: string;
}

/** The uplink of the first pool, or of the default one: an example of all. */
export function ourLinks({ site, pools }: Pick<Machine, 'site' | 'pools'>): OurLink[] {
  const { name: pool, subnet } = pools[0] ?? { name: 'default', subnet: '10.213.0.0/16' };
  return [{ name: uplinkName(site, pool), kind: 'veth', type: 'ether', mac: macText(gatewayMac(subnetOf(subnet))) }];
}

/** Matches every link of netnsd's in the host and hardly any other. */
export const LINK_PATTERN = 'nb????-*';
