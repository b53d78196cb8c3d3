import t from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import type { BuildTarget } from '../../src/endpoint/build/endpoint-build.js';
import { takeInventory } from '../../src/endpoint/build/inventory.js';
import type { Hub } from '../../src/endpoint/hub/hub.js';
import { type EndpointPlan, planEndpoint } from '../../src/endpoint/plan.js';
import { NetnsdError } from '../../src/errors.js';
import { built } from './built.js';
import { endpointName, fakeHost, openNetwork, SETTINGS } from './fake-host.js';

const FAILURES: { step: string; errno: string; spoil: (plan: EndpointPlan) => EndpointPlan; bridgeIndex?: number }[] = [
  {
    step: 'namespace',
    errno: 'ENOENT',
    spoil: (plan) => ({ ...plan, name: { ...plan.name, id: 'nowhere/default-1' } }),
  },
  { step: 'veth', errno: 'EINVAL', spoil: (plan) => ({ ...plan, mtuBytes: 10 }) },
  { step: 'host link', errno: 'ERANGE', spoil: (plan) => ({ ...plan, alias: 'x'.repeat(300) }) },
  { step: 'address', errno: 'EINVAL', spoil: (plan) => ({ ...plan, prefixLength: 77 }) },
  { step: 'route', errno: 'ENETUNREACH', spoil: (plan) => ({ ...plan, gateway: [192, 0, 2, 1] }) },
  { step: 'bridge port', errno: 'EINVAL', spoil: (plan) => plan, bridgeIndex: 4711 },
];

/** The same hub as if its bridge had this index. */
function withBridge(hub: Hub, bridgeIndex = hub.bridgeIndex): Hub {
  return new Proxy(hub, {
    get: (real, key) => (key === 'bridgeIndex' ? bridgeIndex : Reflect.get(real, key, real)),
  });
}

for (const { step, errno, spoil, bridgeIndex } of FAILURES) {
  t.test(
    `a failure at step ${step} is named, and nothing of that endpoint remains while its neighbours are built`,
    async (t) => {
      const fake = fakeHost(t);
      const { host, network } = await openNetwork(t, fake);
      const targets: BuildTarget[] = [];
      for (const seq of [0, 1, 2]) {
        const plan = planEndpoint(fake.site, SETTINGS, endpointName(seq));
        const joined = await network.attach(plan.name.id);
        targets.push(
          seq === 1
            ? { plan: spoil(plan), port: { ...joined, hub: withBridge(joined.hub, bridgeIndex) } }
            : { plan, port: joined },
        );
      }
      const outcomes = buildEndpoints({ host, targets });
      t.same(
        outcomes.map(({ ok }) => ok),
        [true, false, true],
      );
      const failed = outcomes[1];
      const error = failed?.ok === false ? failed.error : undefined;
      t.ok(error instanceof NetnsdError && error.code === 'build_failed');
      t.match(error, {
        message: new RegExp(`default-1, at step ${step}: .*${errno}`),
        details: { step, errno, endpoint: /default-1$/ },
      });
      const { links, namespaces } = await takeInventory(host, fake.site);
      t.same([...links.keys()].sort(), ['ndtest-0', 'ndtest-2']);
      t.equal(namespaces.size, 2);
    },
  );
}

t.test('a name that is taken is an error that leaves their link alone', async (t) => {
  const fake = fakeHost(t);
  await openNetwork(t, fake);
  fake.inHub('link', 'add', 'ndtest-1', 'type', 'bridge');
  const { outcomes } = await built(t, fake, [1]);
  t.notOk(outcomes[0]?.ok);
});
