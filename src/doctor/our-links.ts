import { bridgeMac, bridgeName, hostLinkName, macText, planEndpoint, subnetOf } from '../endpoint/plan.js';
import type { Machine } from './machine.js';

/** A link as netnsd makes it, as other programs that manage links see it. */
export interface OurLink {
  readonly name: string;
  readonly kind: 'veth' | 'bridge';
  /** What networkd and udev call its type: a bridge's is its DEVTYPE. */
  readonly type: 'ether' | 'bridge';
  readonly mac: string;
}

/** A link of an endpoint and a bridge, of a pool that there is or might be. */
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
    { name: bridgeName(site, pool, 0), kind: 'bridge', type: 'bridge', mac: macText(bridgeMac(subnetOf(subnet), 0)) },
  ];
}

/** Patterns that fit every link of netnsd's and hardly any other. */
export const LINK_PATTERNS = ['nd????-*', 'nb????-*'] as const;
