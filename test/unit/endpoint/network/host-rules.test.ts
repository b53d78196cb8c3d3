import t from 'tap';
import {
  hostRules,
  hostTable,
  type ReachSettings,
  removeHostRules,
} from '../../../../src/endpoint/network/host-rules.js';

const site = { instanceId: 'abcd', stateDir: '/run/netnsd', netnsDir: null, identity: 'boot /run/netnsd' };
const pool: ReachSettings = {
  name: 'default',
  subnet: '10.213.0.0/16',
  subnet6: null,
  masquerade: true,
  masqueradeExcept: [],
  isolation: 'none',
  publish: [],
  maxConnections: null,
  maxConnectionsPerSecond: null,
  hostAccess: true,
  egressDeny: [],
  egressAllow: [],
};
const closed = { ...pool, name: 'closed', subnet: '10.214.0.0/16', masquerade: false };
const rulesOf = (...pools: ReachSettings[]): string[] =>
  hostRules(site, pools)
    .split('\n')
    .map((line) => line.trim());

t.equal(hostTable(site), 'netnsd-abcd');

t.test('the table is replaced in one transaction, whether or not it is there', async (t) => {
  t.strictSame(rulesOf(pool).slice(0, 4), [
    'add table inet netnsd-abcd',
    'delete table inet netnsd-abcd',
    'table inet netnsd-abcd {',
    'comment "netnsd /run/netnsd"',
  ]);
});

t.test('pools that need nothing have no table', async (t) => {
  t.equal(hostRules(site, [closed]), removeHostRules(site));
  t.equal(hostRules(site, []), removeHostRules(site));
});

t.test('rules are constant in the number of pools with masquerade, which are elements of one set', async (t) => {
  const other = { ...pool, name: 'other', subnet: '10.215.0.0/16' };
  t.equal(rulesOf(pool, other).length, rulesOf(pool).length);
  t.match(rulesOf(pool, closed, other).join('\n'), 'elements = { 10.213.0.0/16, 10.215.0.0/16 }');
});

t.test('networks of masquerade_except are reached, and reach the pool, with the addresses of containers', async (t) => {
  const rules = rulesOf({ ...pool, masqueradeExcept: ['10.244.0.0/16', '10.244.3.0/24'] }, closed);
  const at = (rule: string) => rules.indexOf(rule);
  const inward = at('ip saddr { 10.244.0.0/16 } ip daddr 10.213.0.0/16 accept');
  const kept = at('ip saddr 10.213.0.0/16 ip daddr { 10.244.0.0/16 } accept');
  t.ok(inward > 0 && inward < at('ip daddr @outward drop'), 'before what keeps others out');
  t.ok(kept > at('ct status dnat ip saddr @pools ip daddr @pools masquerade'), 'behind what leads back to the pool');
  t.ok(kept < at('ip saddr @outward ip daddr != @outward masquerade'));
  const routed = rulesOf({ ...pool, masquerade: false, publish: [1], masqueradeExcept: ['10.244.0.0/16'] });
  t.notMatch(routed.join('\n'), '10.244.0.0');
});

const ROWS: [what: string, settings: Partial<ReachSettings>, rules: string[]][] = [
  [
    'what is denied is refused, in the direction in which the container asks',
    { egressDeny: ['169.254.169.254/32', '192.0.2.0/24'] },
    [
      'ip saddr 10.214.0.0/16 ct direction original ip daddr { 169.254.169.254/32, 192.0.2.0/24 } reject with icmp admin-prohibited',
    ],
  ],
  [
    'what is allowed comes first; a network within another one is left out, since a set has no overlaps',
    { egressDeny: ['10.1.0.0/16', '10.0.0.0/8', '10.0.0.0/8'], egressAllow: ['10.1.2.0/24'] },
    [
      'ip saddr 10.214.0.0/16 ct direction original ip daddr { 10.1.2.0/24 } accept',
      'ip saddr 10.214.0.0/16 ct direction original ip daddr { 10.0.0.0/8 } reject with icmp admin-prohibited',
    ],
  ],
  [
    'without host_access the host gets answers alone',
    { hostAccess: false },
    [
      'ip saddr 10.214.0.0/16 ct state established,related accept',
      'ip saddr 10.214.0.0/16 reject with icmp admin-prohibited',
    ],
  ],
];
for (const [what, settings, rules] of ROWS) {
  t.test(what, async (t) => {
    const found = rulesOf({ ...closed, ...settings }).filter((line) => line.startsWith('ip saddr '));
    t.strictSame(found, rules);
  });
}

t.test('a pool with subnet6 has the same rules for IPv6, and only networks of its family', async (t) => {
  const dual = {
    ...pool,
    subnet6: 'fd00:213::/64',
    hostAccess: false,
    egressDeny: ['10.0.0.0/8', 'fd00:ec2::254/128', 'fd00:ec2::/32'],
  };
  const rules = rulesOf(dual);
  for (const rule of rulesOf({ ...dual, subnet6: null }).filter((line) => /^ip (saddr|daddr) @/.test(line)))
    t.ok(rules.includes(rule.replaceAll('ip ', 'ip6 ').replaceAll('@outward', '@outward6')), rule);
  t.match(rules.join('\n'), 'set outward6 { type ipv6_addr; flags interval; elements = { fd00:213::/64 } }');
  t.ok(rules.includes('ip6 daddr != ::1 fib daddr type local dnat ip6 to meta l4proto . th dport map @published6'));
  t.strictSame(
    rules.filter((line) => line.startsWith('ip6 saddr fd00:213::/64')),
    ['ip6 saddr fd00:213::/64 ct direction original ip6 daddr { fd00:ec2::/32 } reject with icmpv6 admin-prohibited'],
  );
  t.match(
    rules.filter((line) => line.startsWith('iifname "nbabcd-')).map((line) => line.split('ipv6 ')[1]),
    [/^icmpv6 type \{ nd-neighbor-solicit, nd-neighbor-advert \} accept/, /^ct state/, /^reject with icmpv6/],
    'the host is closed for whatever comes by the link, addresses of the link included',
  );
});

t.test('what comes from an isolated pool does not go back there, except to a published port', async (t) => {
  const rules = rulesOf({ ...closed, isolation: 'full' }, { ...closed, name: 'open', subnet: '10.216.0.0/16' });
  const set = rules.filter((line) => line.startsWith('set walled'));
  t.match(set.join('\n'), /elements = \{ "(nbabcd-[a-z0-9]{4})" \. "\1" \}/);
  t.strictSame(
    rules.filter((line) => line.startsWith('iifname')),
    ['iifname . oifname @walled ct status dnat accept', 'iifname . oifname @walled drop'],
  );
});

t.test('a path with quotes cannot end the comment', async (t) => {
  const odd = { ...site, stateDir: '/run/"; flush ruleset #\n' };
  t.match(hostRules(odd, [pool]), /comment "netnsd \/run\/[?]+flush[?]ruleset[?]+"/);
});

t.test('limits of connections are one rule a pool and family, and sets that all pools share', async (t) => {
  const limited = { ...closed, subnet6: 'fd00:214::/64', maxConnections: 9, maxConnectionsPerSecond: 5 };
  const rules = rulesOf(limited, { ...pool, maxConnections: 3 });
  t.equal(rules.filter((line) => /^set (connections|openings)6? /.test(line)).length, 4);
  t.strictSame(
    rules.filter((line) => /@(connections|openings)/.test(line)).map((line) => line.replace(/"nbabcd-.{4}"/, 'LINK')),
    [
      'iifname LINK ct status & confirmed == 0 update @openings { ip saddr limit rate over 5/second burst 5 packets } reject with icmp admin-prohibited',
      'iifname LINK ct status & confirmed == 0 add @connections { ip saddr ct count over 9 } reject with icmp admin-prohibited',
      'iifname LINK ct status & confirmed == 0 update @openings6 { ip6 saddr limit rate over 5/second burst 5 packets } reject with icmpv6 admin-prohibited',
      'iifname LINK ct status & confirmed == 0 add @connections6 { ip6 saddr ct count over 9 } reject with icmpv6 admin-prohibited',
      'iifname LINK ct status & confirmed == 0 add @connections { ip saddr ct count over 3 } reject with icmp admin-prohibited',
      'iifname LINK ct status & confirmed == 0 add @connections6 { ip6 saddr ct count over 3 } reject with icmpv6 admin-prohibited',
    ],
  );
  t.not(hostRules(site, [{ ...closed, maxConnections: 1 }]), removeHostRules(site));
});
