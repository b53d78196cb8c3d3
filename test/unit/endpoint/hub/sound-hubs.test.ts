import t from 'tap';
import type { Hub } from '../../../../src/endpoint/hub/hub.js';
import { type HubLook, SoundHubs } from '../../../../src/endpoint/hub/sound-hubs.js';

const HUB = {} as Hub;
const LOOK: HubLook = { version: 7, uplink: { index: 50, peerIndex: 30 }, endpoints: ['default-1', 'default-2'] };
const ROWS: [what: string, look: Partial<HubLook>, sound: boolean][] = [
  ['the same', {}, true],
  ['fewer endpoints', { endpoints: ['default-2'] }, true],
  ['an endpoint that was not compared', { endpoints: ['default-2', 'default-3'] }, false],
  ['a change was announced', { version: 8 }, false],
  ['another uplink', { uplink: { index: 51, peerIndex: 30 } }, false],
  ['an uplink that leads elsewhere', { uplink: { index: 50, peerIndex: 31 } }, false],
  ['no uplink', { uplink: undefined }, false],
];

for (const [what, change, sound] of ROWS)
  t.test(`a hub in which nothing was wrong, ${what}: it is ${sound ? 'not ' : ''}looked at again`, async (t) => {
    const hubs = new SoundHubs();
    t.notOk(hubs.has(HUB, LOOK), 'it was not looked at yet');
    hubs.add(HUB, LOOK);
    t.equal(hubs.has(HUB, { ...LOOK, ...change }), sound);
    hubs.clear();
    t.notOk(hubs.has(HUB, LOOK), 'nor after a repair');
  });
