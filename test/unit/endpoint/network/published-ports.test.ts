import t from 'tap';
import {
  addressesOf,
  elementsOf,
  type PortPlan,
  type PortWish,
  planPorts,
  publishedAt,
} from '../../../../src/endpoint/network/published-ports.js';

const web: PortWish = {
  name: 'web',
  subnet: '10.1.0.0/24',
  ports: [
    { protocol: 'tcp', port: 80 },
    { protocol: 'udp', port: 53 },
  ],
  range: [30000, 30009],
  addresses: 3,
};
const none = { taken: new Set<string>(), before: new Map<string, PortPlan>() };
const planOf = (plans: ReadonlyMap<string, PortPlan>, name: string): PortPlan => plans.get(name) as PortPlan;

t.test('each address has a host port for each port, in order, and none is that of another pool', async (t) => {
  const other = { ...web, name: 'other', subnet: '10.2.0.0/24', ports: [{ protocol: 'tcp', port: 8080 }] as const };
  const plans = planPorts([web, other, { ...web, name: 'silent', ports: [] }], none);
  t.strictSame([...plans.keys()], ['web', 'other']);
  t.strictSame(planOf(plans, 'web').hostPorts, [30000, 30001, 30002, 30003, 30004, 30005]);
  // 30001 is a port of UDP alone.
  t.strictSame(planOf(plans, 'other').hostPorts, [30001, 30003, 30005]);
  t.equal(addressesOf(planOf(plans, 'web')), 3);
  t.equal(addressesOf({ ports: [], hostPorts: [] }), Infinity);
  t.strictSame(publishedAt(planOf(plans, 'web'), { index: 1, hasIpv6: false }), [
    { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 30002, containerPort: 80 },
    { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 30003, containerPort: 53 },
  ]);
  t.strictSame(publishedAt(planOf(plans, 'web'), { index: 3, hasIpv6: true }), []);
});

t.test('ports at which others listen are passed over, by their protocol', async (t) => {
  const plans = planPorts([web], { ...none, taken: new Set(['tcp/30000', 'tcp/30001', 'udp/30003']) });
  t.strictSame(planOf(plans, 'web').hostPorts, [30002, 30004, 30005, 30006, 30007, 30008]);
});

t.test('too few free ports are an error that says how many', async (t) => {
  t.throws(() => planPorts([{ ...web, addresses: 12 }], none), {
    code: 'config_invalid',
    message: /pool web publishes 2 ports of 12 addresses, but publish_range 30000-30009 has \d+ free ports/,
  });
});

t.test('a plan stays as long as it serves, whatever listens by now', async (t) => {
  const before = planPorts([web], none);
  const taken = new Set(['tcp/30000']);
  t.strictSame(planPorts([web], { taken, before }), before);
  t.strictSame(planPorts([{ ...web, addresses: 2 }], { taken, before }), before, 'fewer addresses');
});

const CHANGES: [what: string, change: Partial<PortWish>][] = [
  ['the ports', { ports: [{ protocol: 'tcp', port: 81 }] }],
  ['the subnet', { subnet: '10.9.0.0/24' }],
  ['the range', { range: [30001, 30019] }],
  ['the number of addresses', { addresses: 4, range: [30000, 30029] }],
];
for (const [what, change] of CHANGES) {
  t.test(`another plan is made when ${what} changed, and the former one goes on beside it`, async (t) => {
    const before = planPorts([web], none);
    const wish = { ...web, range: [30000, 30019] as const, ...change };
    const plans = planPorts([wish], { ...none, before });
    t.strictSame(planOf(plans, 'web@former'), planOf(before, 'web'));
    const elements = elementsOf(plans.values()).ipv4;
    for (const element of elementsOf(before.values()).ipv4) t.ok(elements.includes(element), element);
    t.strictSame(planPorts([wish], { ...none, before: plans }), plans, 'and both are kept');
  });
}

t.test('ports of a former plan are used where the range has no others', async (t) => {
  const before = planPorts([web], none);
  const plans = planPorts([{ ...web, ports: [{ protocol: 'tcp', port: 81 }], addresses: 9 }], { ...none, before });
  t.strictSame(planOf(plans, 'web').hostPorts, [30001, 30003, 30005, 30006, 30007, 30008, 30009, 30000, 30002]);
  const elements = elementsOf(plans.values()).ipv4;
  t.equal(new Set(elements.map((one) => one.split(' : ')[0])).size, elements.length, 'no key stands there twice');
  t.ok(elements.includes('tcp . 30000 : 10.1.0.9 . 81'), 'the present plan comes first');
  t.ok(elements.includes('tcp . 30004 : 10.1.0.4 . 80'));
});

t.test('a pool that is gone keeps its ports for what stands', async (t) => {
  const before = planPorts([web], none);
  t.strictSame([...planPorts([], { ...none, before }).keys()], ['web@former']);
});

t.test(
  'of IPv6 the same ports lead to the address that ends as that of IPv4, and another network changes no port',
  async (t) => {
    const plans = planPorts([{ ...web, subnet6: 'fd00:1::/64' }], none);
    t.strictSame(elementsOf(plans.values()).ipv6.slice(0, 3), [
      'tcp . 30000 : fd00:1::a01:2 . 80',
      'udp . 30001 : fd00:1::a01:2 . 53',
      'tcp . 30002 : fd00:1::a01:3 . 80',
    ]);
    t.match(publishedAt(planOf(plans, 'web'), { index: 0, hasIpv6: true }), [
      { hostAddress: '0.0.0.0', hostPort: 30000 },
      { hostAddress: '0.0.0.0', hostPort: 30001 },
      { hostAddress: '::', hostPort: 30000 },
      { hostAddress: '::', hostPort: 30001 },
    ]);
    for (const subnet6 of ['fd00:2::/64', null]) {
      const again = planPorts([{ ...web, subnet6 }], { ...none, before: plans });
      t.strictSame([...again.keys()], ['web']);
      t.strictSame(planOf(again, 'web').hostPorts, planOf(plans, 'web').hostPorts);
      t.equal(planOf(again, 'web').subnet6 ?? null, subnet6);
    }
  },
);
