import t from 'tap';
import { hubRules, memberElements, removeHubRules } from '../../../../src/endpoint/hub/hub-rules.js';

t.test('a pool without anti_spoof and subnet6 has no rules in its hubs', async (t) => {
  t.equal(hubRules({ antiSpoof: false, ipv6: null, members: null }), null);
});

t.test('the table replaces what is there, in one transaction', async (t) => {
  t.ok(hubRules({ antiSpoof: true, ipv6: null, members: null })?.startsWith(removeHubRules()));
});

t.test(
  'IPv4 and ARP pass with the address that the source MAC ends with, byte by byte; nothing else does',
  async (t) => {
    const rules = (hubRules({ antiSpoof: true, ipv6: null, members: null }) ?? '')
      .split('\n')
      .map((line) => line.trim());
    const accepted = rules.filter((line) => line.endsWith('accept'));
    t.equal(accepted[0], 'iifname "uplink" accept');
    t.equal(
      accepted[1],
      'ether type ip @ll,64,8 . @nh,96,8 @equal @ll,72,8 . @nh,104,8 @equal @ll,80,8 . @nh,112,8 @equal @ll,88,8 . @nh,120,8 @equal accept',
    );
    t.match(
      accepted[2],
      /^ether type arp @nh,0,48 0x000108000604 @nh,64,16 0x0a58( @ll,\d+,8 \. @nh,\d+,8 @equal){8} accept$/,
    );
    t.equal(accepted.length, 3);
    t.ok(rules.some((line) => line.endsWith('policy drop;')));
    const pairs = /elements = \{ (.*?) \}/
      .exec(rules.find((line) => line.startsWith('set equal')) ?? '')?.[1]
      ?.split(', ');
    t.equal(pairs?.length, 256);
    t.ok(pairs?.every((pair) => /^(\d+) \. \1$/.test(pair)));
  },
);

t.test('IPv6 passes from addresses that end as the source MAC does, and questions go to who is asked', async (t) => {
  const ipv6 = { gatewayMac: [0x06, 0x58, 1, 2, 3, 4], prefixes: ['fd00:213::/96'] };
  const rules = hubRules({ antiSpoof: true, ipv6, members: null }) ?? '';
  t.match(rules, /ether type ip6 ip6 saddr \{ fd00:213::\/96, fe80::\/96 \}( @ll,\d+,8 \. @nh,\d+,8 @equal){4} accept/);
  t.match(rules, /icmpv6 type nd-neighbor-advert ip6 saddr .*( @ll,\d+,8 \. @th,\d+,8 @equal){4} accept/);
  t.match(rules, 'ether daddr set 06:58:01:02:03:04 accept');
  const root = hubRules({ antiSpoof: false, ipv6, members: null }) ?? '';
  t.match(root, 'chain solicitations', 'hubs of a pool without anti_spoof, and the root hub, have these');
  t.notMatch(root, 'chain guard');
});

t.test('a pool that isolates tenants has a number for each, and the endpoints of each', async (t) => {
  const members = [
    { mac: [0x0a, 0x58, 10, 213, 0, 2], tenant: 1 },
    { mac: [0x0a, 0x58, 10, 213, 0, 3], tenant: 258 },
  ];
  const rules = hubRules({ antiSpoof: false, ipv6: null, members }) ?? '';
  t.match(rules, 'elements = { 0a:58:0a:d5:00:02 : 1, 0a:58:0a:d5:00:03 : 258 }');
  t.match(rules, 'elements = { 0a:58:0a:d5:00:02 . 1, 0a:58:0a:d5:00:03 . 258 }');
  t.notMatch(rules, 'chain guard');
  t.match(hubRules({ antiSpoof: true, ipv6: null, members: [] }), 'map tenants { type ether_addr : mark; }');
  t.match(memberElements(members.slice(1)), [
    { set: 'tenants', elements: [{ key: members[1]?.mac, data: [2, 1, 0, 0] }] },
    { set: 'members', elements: [{ key: [0x0a, 0x58, 10, 213, 0, 3, 0, 0, 2, 1, 0, 0] }] },
  ]);
});
