import t from 'tap';
import { uplinkName } from '../../../../src/endpoint/hub/hub-names.js';
import { hostLinkName } from '../../../../src/endpoint/plan.js';
import { planStart } from '../../../../src/reconcile/start/start-plan.js';
import { LEASED, NAME, NETWORK, READY, SITE, surveyOf, worldOf } from '../worlds.js';

t.test('a stray is named once, so that both its mount and its link are found', async (t) => {
  t.match(planStart(surveyOf(worldOf({ record: null }))).strays, [{ id: NAME.id, pool: 'default', seq: 7 }]);
  const unmarked = planStart(surveyOf(worldOf({ record: null, mount: false, link: 'unmarked' })));
  t.match(unmarked.strays, [{ seq: 7 }], 'by the number in the name of its link');
});

t.test('a mount that bears the number of an endpoint is removed without the link of that endpoint', async (t) => {
  const survey = surveyOf(worldOf(LEASED));
  const planted = `gone-${NAME.seq}`;
  const found = { ...survey.found, namespaces: [...survey.found.namespaces, [planted, undefined] as const] };
  const { strays, adopted } = planStart({ ...survey, found });
  t.same(adopted, [LEASED.record]);
  t.match(strays, [{ id: `gone-${NAME.seq}`, index: -1 }], 'the mount is removed');
  t.not(hostLinkName(SITE, strays[0]?.seq ?? NAME.seq), hostLinkName(SITE, NAME.seq));
});

t.test(
  'an endpoint of a pool that is no longer configured is removed unless it is leased, with its record',
  async (t) => {
    const { strays, adopted } = planStart(surveyOf(worldOf({ ...READY, network: null })));
    t.same(strays, [READY.record]);
    t.same(adopted, []);
  },
);

t.test('an endpoint that is in use and has no record is spared, with the hub and uplink of its pool', async (t) => {
  const survey = surveyOf(
    worldOf({ record: null, inUse: true, hub: 'default.0', uplink: uplinkName(SITE, 'default'), network: null }),
  );
  const plan = planStart(survey);
  t.match(plan.spared, [{ id: NAME.id }]);
  t.same([plan.strays, plan.stale], [[], { hubs: [], links: [] }]);
});

t.test('a lease of a removed pool brings the network of that pool along', async (t) => {
  const { orphans, retired, adopted } = planStart(surveyOf(worldOf({ ...LEASED, network: null, inUse: true })));
  t.same([orphans, adopted], [[LEASED.record], [LEASED.record]]);
  t.same(retired, [{ ...NETWORK, max: 0 }], 'as it was when the endpoint was built');
});

t.test('what is to be replaced keeps its tenant, and loses its lease', async (t) => {
  const { adopted } = planStart(surveyOf(worldOf({ ...LEASED, mount: false })));
  t.match(adopted, [
    { id: NAME.id, state: 'dirty', lease: null, tenant: 'default', reason: 'the leased namespace is gone' },
  ]);
});

t.test('a lease of an earlier subnet keeps its address where the present one has it too', async (t) => {
  const index = (subnet: string) =>
    planStart(surveyOf(worldOf({ ...LEASED, network: { ...NETWORK, subnet } }))).adopted[0]?.index;
  t.equal(index('10.213.0.0/16'), NAME.index);
  t.equal(index('10.212.0.0/15'), NAME.index + 65536, 'at another place of the larger one');
  t.equal(index('10.99.0.0/16'), NAME.index, 'elsewhere it is not counted');
});
