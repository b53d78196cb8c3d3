import type { NetworkSettings, Site } from '../../../src/endpoint/types.js';

export const SITE: Site = { instanceId: 'k3f9', identity: 'boot /k3f9', stateDir: '/run/netnsd', netnsDir: null };
export const SETTINGS: NetworkSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  mtuBytes: 1500,
  max: 1000,
  endpointsPerHub: 1000,
  dns: { servers: ['192.0.2.53'], search: [], options: [] },
};

/** The endpoint of this number, at the address of this index. */
export function nameOf(seq: number, index = seq) {
  return { id: `default-${seq}`, pool: 'default', index, seq };
}
