import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { globMatches } from '../../../src/doctor/glob.js';
import type { ForwardChain, Pass } from '../../../src/kernel/nftables/forward-chains.js';
import { parseLegacyForward, readLegacyForward } from '../../../src/kernel/nftables/legacy-tables.js';
import { machineOf, runCheck, runOnce } from './machine.js';

function chain(more: Partial<ForwardChain> = {}): ForwardChain {
  return { family: 'ip', table: 'filter', chain: 'FORWARD', policy: 'drop', passes: [], ...more };
}

const firewall = (...chains: ForwardChain[]) => ({ firewall: { ok: true, value: chains } as const });

t.test('patterns are shell patterns', async (t) => {
  for (const [pattern, text] of [
    ['nb*', 'nbdf5c-xiob'],
    ['nd????-*', 'nddf5c-1'],
    ['eth[0-9]', 'eth7'],
    ['eth[!a-z]', 'eth7'],
    ['a.b+', 'a.b+'],
    ['*', ''],
  ] as const)
    t.ok(globMatches(pattern, text), `${pattern} ${text}`);
  for (const [pattern, text] of [
    ['nb', 'nbdf5c'],
    ['nd????-*', 'ndf5c-1'],
    ['eth[!0-9]', 'eth7'],
    ['a.b', 'axb'],
  ] as const)
    t.notOk(globMatches(pattern, text), `${pattern} ${text}`);
});

t.test('a chain that drops cuts containers off from other hosts', async (t) => {
  t.match(runOnce('firewall', machineOf(t)), { status: 'ok', message: 'no chain drops forwarded packets' });
  t.match(runOnce('firewall', machineOf(t, {}, firewall(chain({ policy: 'accept' })))), { status: 'ok' });
  t.match(runOnce('firewall', machineOf(t, {}, firewall(chain()))), {
    status: 'warn',
    message: /pool default reach nothing beyond this host/,
    advice: /^iptables -I FORWARD -i nbdf5c-\+ -j ACCEPT/,
  });
});

t.test('the advice has accept rules in the syntax of each table', async (t) => {
  const adviceFor = (one: ForwardChain) => runOnce('firewall', machineOf(t, {}, firewall(one))).advice;
  t.match(
    adviceFor(chain({ family: 'inet', table: 'mine', chain: 'fwd' })),
    `nft insert rule inet mine fwd iifname '"nbdf5c-*"' accept`,
  );
  t.match(adviceFor(chain({ table: 'filter (iptables-legacy)' })), 'iptables-legacy -I FORWARD -i nbdf5c-+ -j ACCEPT');
  const inBridge = firewall(chain({ family: 'bridge', table: 'b', chain: 'f' }));
  t.match(runOnce('firewall', machineOf(t, {}, inBridge)), { status: 'ok' }, 'no link of netnsd is a port of a bridge');
});

const PASSES: [title: string, pass: Pass, passed: boolean][] = [
  ['its uplink', { link: 'nbdf5c-xiob' }, true],
  ['all uplinks of netnsd', { link: 'nb*' }, true],
  ['another link', { link: 'docker0' }, false],
  ['its subnet, by two bytes', { family: 'ip', address: [10, 213], mask: [255, 255] }, true],
  ['a network that holds its subnet', { family: 'ip', address: [10, 208, 0, 0], mask: [255, 240, 0, 0] }, true],
  ['another network', { family: 'ip', address: [10, 214], mask: [255, 255] }, false],
];
for (const [title, pass, passed] of PASSES) {
  t.test(`a rule for ${title} ${passed ? 'passes the pool' : 'is ignored'}`, async (t) => {
    const { status } = runOnce('firewall', machineOf(t, {}, firewall(chain({ passes: [pass] }))));
    t.equal(status, passed ? 'ok' : 'warn');
  });
}

t.test('a chain of IPv6 cuts off pools with subnet6, unless a rule of IPv6 lets them through', async (t) => {
  const pools = [
    { name: 'default', subnet: '10.213.0.0/16', max: 256 },
    { name: 'dual', subnet: '10.214.0.0/16', subnet6: 'fd00:214::/64', max: 256 },
  ];
  const told = (one: ForwardChain) => runOnce('firewall', machineOf(t, {}, { pools, ...firewall(one) }));
  t.match(told(chain({ family: 'ip6' })), {
    status: 'warn',
    message:
      /of table ip6 filter drops forwarded packets: containers of pool dual reach nothing beyond this host by IPv6$/,
    advice: /^ip6tables -I FORWARD -i nbdf5c-\+ -j ACCEPT/,
  });
  const [its, others]: Pass[] = [
    { family: 'ip6', address: [0xfd, 0, 2, 0x14], mask: [255, 255, 255, 255] },
    { family: 'ip6', address: [0xfd, 0, 2, 0x15], mask: [255, 255, 255, 255] },
  ];
  t.match(told(chain({ family: 'ip6', passes: [its as Pass] })), { status: 'ok' });
  t.match(told(chain({ family: 'ip6', passes: [others as Pass] })), { status: 'warn' });
  const both: Pass[] = [213, 214].map((byte) => ({ family: 'ip', address: [10, byte], mask: [255, 255] }));
  const inet = { family: 'inet', table: 'mine', chain: 'fwd' } as const;
  t.match(told(chain({ ...inet, passes: both })), { status: 'warn', message: /pool dual .* by IPv6$/ });
  t.match(told(chain({ ...inet, passes: [its as Pass] })), {
    status: 'warn',
    message: /pool default or dual .* host$/,
  });
  t.match(told(chain({ ...inet, passes: [...both, its as Pass] })), { status: 'ok' });
  t.match(told(chain({ family: 'ip', passes: both })), { status: 'ok' }, 'one of IPv4 says nothing of IPv6');
});

t.test('a firewall that cannot be read is unknown', async (t) => {
  const machine = machineOf(t, {}, { firewall: undefined, running: new Set(['firewalld']) });
  for (const name of ['firewall', 'firewalld']) t.match(runOnce(name, machine), { status: 'unknown' });
  const refused = { firewall: { ok: false, error: new Error('EPERM') } as const };
  t.throws(() => runCheck('firewall', machineOf(t, {}, refused)), /EPERM/);
});

t.test('firewalld needs the subnet in a zone', async (t) => {
  const running = new Set(['firewalld']);
  const zoned = chain({
    family: 'inet',
    table: 'firewalld',
    policy: 'accept',
    passes: [{ family: 'ip', address: [10, 213], mask: [255, 255] }],
  });
  t.match(runOnce('firewalld', machineOf(t)), { status: 'ok' });
  t.match(runOnce('firewalld', machineOf(t, {}, { running, ...firewall(zoned) })), { status: 'ok' });
  t.match(runOnce('firewalld', machineOf(t, {}, { running, ...firewall({ ...zoned, passes: [] }) })), {
    status: 'warn',
    advice: /--add-source=10\.213\.0\.0\/16 && firewall-cmd --reload/,
  });
});

t.test('the output of iptables-legacy is read: the policy, and accept rules', async (t) => {
  const text = `-P INPUT ACCEPT
-P FORWARD DROP
-N USER
-A FORWARD -i nb+ -j ACCEPT
-A FORWARD ! -i docker0 -o eth0 -j USER
-A FORWARD -i lo -j DROP
-A USER -s 10.208.0.0/12 -d 10.213.7.9/32 ! -d 1.2.3.0/24 -j ACCEPT
`;
  t.same(parseLegacyForward(text, 'ip'), {
    family: 'ip',
    table: 'filter (iptables-legacy)',
    chain: 'FORWARD',
    policy: 'drop',
    passes: [
      { link: 'nb*' },
      { link: 'eth0' },
      { family: 'ip', address: [10, 208, 0, 0], mask: [255, 240, 0, 0] },
      { family: 'ip', address: [10, 213, 7, 9], mask: [255, 255, 255, 255] },
    ],
  });
  t.equal(parseLegacyForward('-P FORWARD ACCEPT\n', 'ip').policy, 'accept');
  const ofIpv6 = parseLegacyForward('-P FORWARD DROP\n-A FORWARD -s fd00:213::/60 -j ACCEPT\n', 'ip6');
  t.match(ofIpv6, { family: 'ip6', table: 'filter (ip6tables-legacy)', policy: 'drop' });
  t.same(ofIpv6.passes, [
    {
      family: 'ip6',
      address: [0xfd, 0, 2, 0x13, ...Array.from({ length: 12 }, () => 0)],
      mask: [255, 255, 255, 255, 255, 255, 255, 0xf0, ...Array.from({ length: 8 }, () => 0)],
    },
  ]);
});

t.test('without iptables-legacy there is no chain; its failure is reported with its message', async (t) => {
  const folder = t.testdir({
    works: '#!/bin/sh\n[ "$*" = "-t filter -S" ] && echo "-P FORWARD DROP"\n',
    fails: '#!/bin/sh\necho "iptables: no chain" >&2\nexit 4\n',
  });
  for (const name of ['works', 'fails']) chmodSync(join(folder, name), 0o755);
  t.match(readLegacyForward('ip', join(folder, 'works')), { policy: 'drop' });
  t.throws(() => readLegacyForward('ip', join(folder, 'fails')), {
    code: 'missing_tool',
    message: /failed: iptables: no chain$/,
  });
  t.equal(readLegacyForward('ip6', join(folder, 'none')), undefined);
});
