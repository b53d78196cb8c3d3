import { uplinkName } from '../endpoint/hub/hub-names.js';
import { gatewayMac, macText } from '../endpoint/plan.js';
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
  const name = uplinkName(site, pools[0]?.name ?? 'default');
  return [{ name, kind: 'veth', type: 'ether', mac: macText(gatewayMac(name)) }];
}

/** Matches every link of netnsd's in the host and hardly any other. */
export const LINK_PATTERN = 'nb????-*';
