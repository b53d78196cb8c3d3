import t from 'tap';
import { placeOf, type WantedPlace } from '../../../src/endpoint/place.js';
import { planEndpoint } from '../../../src/endpoint/plan.js';
import { nameOf, SETTINGS, SITE } from './fixture.js';

const DUAL = { ...SETTINGS, subnet6: 'fd00:213::/64' };
const FREE = { ...SETTINGS, antiSpoof: false };
const SEVENTH = { index: 5, address: '10.213.0.7', mac: null };

t.test('a place is found by an address of either family, and by the MAC that follows from it', async (t) => {
  const all: [WantedPlace, object][] = [
    [{ address: '10.213.0.7' }, SEVENTH],
    [{ address: 'fd00:213::10.213.0.7' }, SEVENTH],
    [{ address: 'FD00:213:0:0::ad5:7' }, SEVENTH],
    [{ mac: '0A:58:0a:d5:00:07' }, SEVENTH],
    [{ address: '10.213.0.7', mac: '0a:58:0a:d5:00:07' }, SEVENTH],
    [{ address: '10.213.255.254' }, { index: 65_532, address: '10.213.255.254', mac: null }],
  ];
  for (const [wanted, place] of all) t.strictSame(placeOf(DUAL, wanted), place, JSON.stringify(wanted));
  const mac = '02:00:00:00:00:0a';
  t.strictSame(placeOf(FREE, { mac: mac.toUpperCase() }), { index: null, address: null, mac });
  t.strictSame(placeOf(FREE, { mac, address: '10.213.0.7' }), { ...SEVENTH, mac });
  t.strictSame(planEndpoint(SITE, FREE, { ...nameOf(1, 5), mac }).containerMac, [2, 0, 0, 0, 0, 10]);
});

t.test('what no endpoint of the pool can have is refused with what it can', async (t) => {
  const all: [settings: typeof DUAL, wanted: WantedPlace, why: RegExp][] = [
    [
      DUAL,
      { address: '10.213.0.1' },
      /10\.213\.0\.1 is no address of its endpoints, which have 10\.213\.0\.2 to 10\.213\.255\.254/,
    ],
    [DUAL, { address: '10.213.255.255' }, /no address of its endpoints/],
    [DUAL, { address: '10.214.0.7' }, /no address of its endpoints/],
    [DUAL, { address: '10.213.0.07' }, /no IPv4 address/],
    [DUAL, { address: 'fd00:214::ad5:7' }, /which end with their IPv4 address in fd00:213::\/96/],
    [DUAL, { address: 'fd00:213::1:0:ad5:7' }, /which end with their IPv4 address/],
    [{ ...SETTINGS, subnet6: null as never }, { address: 'fd00:213::ad5:7' }, /it has no subnet6/],
    [DUAL, { address: '10.213.0.7', mac: '0a:58:0a:d5:00:08' }, /is the MAC of 10\.213\.0\.8, not of 10\.213\.0\.7/],
    [DUAL, { mac: '0a:58:0a:d6:00:08' }, /no address of its endpoints/],
    [DUAL, { mac: '02:00:00:00:00:01' }, /it has anti_spoof, by which an endpoint is known by a MAC that is 0a:58/],
    [{ ...DUAL, antiSpoof: false }, { mac: '02:00:00:00:00:01' }, /it has a subnet6/],
    [DUAL, { mac: '02-00-00-00-00-01' }, /is no MAC such as/],
    [DUAL, { mac: '01:00:5e:00:00:01' }, /no MAC of one interface/],
    [DUAL, { mac: '00:00:00:00:00:00' }, /no MAC of one interface/],
    [DUAL, { mac: '06:58:00:00:00:01' }, /begins as MACs of its hubs do/],
  ];
  for (const [settings, wanted, message] of all)
    t.throws(() => placeOf(settings, wanted), { code: 'bad_request', message }, JSON.stringify(wanted));
});
