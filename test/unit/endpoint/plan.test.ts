import fc from 'fast-check';
import t from 'tap';
import { formatIpv6 } from '../../../src/address/ipv6.js';
import { hubName, parseHubName, rootPortName, uplinkName } from '../../../src/endpoint/hub/hub-names.js';
import { factsOf, gatewayMac, hostLinkName, macText, planEndpoint } from '../../../src/endpoint/plan.js';
import { nameOf, SETTINGS, SITE } from './fixture.js';

/** IFNAMSIZ of include/uapi/linux/if.h, without the final zero. */
const LONGEST_LINK_NAME = 15;

t.test('all of an endpoint follows from its site, its network and its name', (t) => {
  const rows: [subnet: string, seq: number, index: number, wanted: object][] = [
    [
      '10.213.0.0/16',
      1,
      0,
      {
        hostName: 'ndk3f9-1',
        alias: 'netnsd default-1 boot /k3f9',
        address: [10, 213, 0, 2],
        gateway: [10, 213, 0, 1],
        broadcast: [10, 213, 255, 255],
        prefixLength: 16,
        containerMac: [0x0a, 0x58, 10, 213, 0, 2],
        hostMac: [0x0e, 0x58, 10, 213, 0, 2],
        mtuBytes: 1500,
      },
    ],
    ['10.213.0.0/16', 36, 253, { hostName: 'ndk3f9-10', address: [10, 213, 0, 255] }],
    ['10.213.0.0/16', 37, 254, { hostName: 'ndk3f9-11', address: [10, 213, 1, 0] }],
    ['192.0.2.8/29', 5, 4, { address: [192, 0, 2, 14], gateway: [192, 0, 2, 9], broadcast: [192, 0, 2, 15] }],
  ];
  for (const [subnet, seq, index, wanted] of rows)
    t.match(planEndpoint(SITE, { ...SETTINGS, subnet }, nameOf(seq, index)), wanted, `${subnet}, ${seq}, ${index}`);
  t.end();
});

t.test('a lease is told what was planned', (t) => {
  const netns = { path: '/run/netnsd/netns/default-1.0123456789abcdef', inode: 4026532000 };
  const facts = factsOf(planEndpoint(SITE, SETTINGS, nameOf(1, 0)), { netns, hub: 'default.0' }, SETTINGS.dns);
  t.strictSame(facts, {
    netns,
    interface: { name: 'eth0', mac: '0a:58:0a:d5:00:02', mtu: 1500, hostName: 'ndk3f9-1', hub: 'default.0' },
    addresses: [{ address: '10.213.0.2/16', gateway: '10.213.0.1' }],
    routes: [{ destination: '0.0.0.0/0', gateway: '10.213.0.1' }],
    publishedPorts: [],
    dns: SETTINGS.dns,
  });
  t.end();
});

t.test('routes and sysctls of the pool are those of each endpoint, but for a route to itself', (t) => {
  const settings = {
    ...SETTINGS,
    subnet6: 'fd00:213::/64',
    interfaceName: 'net1',
    routes: [
      { destination: '10.9.0.0/16', gateway: '10.213.0.2' },
      { destination: 'fd00:9::/48', gateway: 'fd00:213::ad5:3' },
    ],
    sysctls: { 'net.ipv4.ping_group_range': '0 5', 'net.core.somaxconn': '9' },
  };
  const built = { netns: { path: '/run/x', inode: 1 }, hub: 'default.0' };
  const facts = (index: number) => factsOf(planEndpoint(SITE, settings, nameOf(1, index)), built, SETTINGS.dns);
  t.strictSame(facts(7).routes, [
    { destination: '0.0.0.0/0', gateway: '10.213.0.1' },
    { destination: '::/0', gateway: 'fd00:213::1' },
    ...settings.routes,
  ]);
  t.strictSame(
    [0, 1].map((index) => facts(index).routes.slice(2)),
    [settings.routes.slice(1), settings.routes.slice(0, 1)],
  );
  t.match(facts(7), { interface: { name: 'net1' }, sysctls: settings.sysctls });
  t.end();
});

t.test('an address of IPv6 ends as that of IPv4 and the MAC do, and so does that of the link', (t) => {
  const settings = { ...SETTINGS, subnet6: 'fd00:213::/64' };
  const { ipv6, containerMac } = planEndpoint(SITE, settings, nameOf(37, 254));
  t.strictSame(
    [ipv6?.address, ipv6?.linkLocal, ipv6?.gateway].map((one) => formatIpv6([...(one ?? [])])),
    ['fd00:213::ad5:100', 'fe80::ad5:100', 'fd00:213::1'],
  );
  t.strictSame(ipv6?.address.slice(12), containerMac.slice(2));
  const netns = { path: '/run/netnsd/netns/default-1.0123456789abcdef', inode: 4026532000 };
  const facts = factsOf(planEndpoint(SITE, settings, nameOf(1, 0)), { netns, hub: 'default.0' }, SETTINGS.dns);
  t.match(facts, {
    addresses: [
      { address: '10.213.0.2/16', gateway: '10.213.0.1' },
      { address: 'fd00:213::ad5:2/64', gateway: 'fd00:213::1' },
    ],
    routes: [
      { destination: '0.0.0.0/0', gateway: '10.213.0.1' },
      { destination: '::/0', gateway: 'fd00:213::1' },
    ],
  });
  t.end();
});

t.test('names of links fit into the kernel, whatever the number of the endpoint or the name of the pool', (t) => {
  const seqs = fc.integer({ min: 1, max: 78e9 });
  fc.assert(fc.property(seqs, (seq) => hostLinkName(SITE, seq).length <= LONGEST_LINK_NAME));
  fc.assert(fc.property(fc.string(), (pool) => uplinkName(SITE, pool).length <= LONGEST_LINK_NAME));
  t.ok(rootPortName(9999).length <= LONGEST_LINK_NAME);
  t.end();
});

t.test('the name of a hub tells its pool and its place', (t) => {
  for (const place of [0, 7, 'root'] as const)
    for (const pool of ['default', 'a.b', 'x.root', 'n.3'])
      t.strictSame(parseHubName(hubName(pool, place)), { pool, place });
  for (const name of ['default', '.3', 'default.', 'default.first']) t.equal(parseHubName(name), undefined, name);
  t.end();
});

t.test('no gateway, host end or container of a pool has the MAC of another', (t) => {
  const macs = [macText(gatewayMac(uplinkName(SITE, 'default')))];
  for (let index = 0; index < 1000; index += 1) {
    const { containerMac, hostMac } = planEndpoint(SITE, SETTINGS, nameOf(index));
    macs.push(macText(containerMac), macText(hostMac));
  }
  t.equal(new Set(macs).size, macs.length);
  for (const mac of macs) if ((Number.parseInt(mac, 16) & 3) !== 2) t.fail(`${mac} is no local unicast address`);
  t.end();
});
