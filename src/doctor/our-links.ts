import { bridgeMac, bridgeName, hostLinkName, macText, planEndpoint } from '../endpoint/plan.js';
import type { Machine } from './machine.js';

/** A link of netnsd's, as other programs that manage links see it. */
export interface OurLink {
  readonly name: string;
  readonly kind: 'veth' | 'bridge';
  /** Its type for networkd and udev: for a bridge, its DEVTYPE. */
  readonly type: 'ether' | 'bridge';
  readonly mac: string;
}

/** One link of an endpoint and one bridge, as examples: of the first pool, or of the default one. */
export function ourLinks({ site, pools }: Pick<Machine, 'site' | 'pools'>): OurLink[] {
  const { name: pool, subnet } = pools[0] ?? { name: 'default', subnet: '10.213.0.0/16' };
  const network = {
    name: pool,
    subnet,
    mtuBytes: 1500,
    portsPerBridge: 1,
    dns: { servers: [], search: [], options: [] },
  };
  const { hostMac } = planEndpoint(site, network, { id: `${pool}-1`, pool, index: 0, seq: 1 });
  return [
    { name: hostLinkName(site, 1), kind: 'veth', type: 'ether', mac: macText(hostMac) },
    {
      name: bridgeName(site, pool, 0),
      kind: 'bridge',
      type: 'bridge',
      mac: macText(bridgeMac(bridgeName(site, pool, 0))),
    },
  ];
}

/** Patterns that match every link of netnsd's and hardly any other. */
export const LINK_PATTERNS = ['nd????-*', 'nb????-*'] as const;
