import type { Usage } from '../../../../src/pool/recycle/recycle.js';
import { Recycler } from '../../../../src/pool/recycle/recycler.js';
import { endpointOf } from '../endpoints.js';
import { FakeClock } from '../fake-clock.js';
import { FakeEndpoints, type Sizes, settingsOf } from '../fakes.js';

const UNSEALED: Usage = { trust: 'unknown', grafted: false, sealed: false };

export function setUp(settings: Sizes = {}, endpoints = new FakeEndpoints(), { isBusy = (): boolean => false } = {}) {
  const clock = new FakeClock();
  /** What was reported, in words; `lost` where a report says that fewer endpoints become ready than expected. */
  const told: string[] = [];
  const recycler = new Recycler({
    settings: settingsOf({ recycle: 'verify', ...settings }),
    endpoints,
    clock,
    isBusy,
    report: ({ clean, rejected, lost }) => {
      for (const { endpoint, way, sealed } of clean)
        told.push(`${endpoint.key.id} clean by ${way}${sealed ? ', sealed' : ''}`);
      for (const { endpoint, reason } of rejected)
        told.push(`${endpoint.key.id} replaced: ${reason.kind}: ${reason.text}`);
      told.push(lost ? 'lost' : 'settled');
    },
  });
  const add = (seq: number, usage: Partial<Usage> = {}, { empty = false } = {}) => {
    const endpoint = endpointOf(seq, { state: 'dirty', tenant: 'a' });
    const netnsInode = endpoint.record.facts?.netns.inode as number;
    recycler.add({ endpoint, usage: { ...UNSEALED, ...usage }, netnsInode, empty });
    return netnsInode;
  };
  return { clock, told, recycler, endpoints, add };
}
