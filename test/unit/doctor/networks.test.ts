import t from 'tap';
import { parseConfig, readConfig } from '../../../src/config/read.js';
import type { HostNetwork } from '../../../src/doctor/machine.js';
import { NetnsdError } from '../../../src/errors.js';
import { answering } from './daemon-status.js';
import { machineOf, runCheck, runOnce } from './machine.js';

const link = (index: number, name: string, kind?: string) => ({
  index,
  name,
  up: true,
  mtuBytes: 1500,
  mac: undefined,
  masterIndex: undefined,
  peerIndex: undefined,
  kind,
  alias: undefined,
});
const UPLINK = 'nbdf5c-xiob';

function network(more: Partial<HostNetwork> = {}) {
  return { ok: true, value: { links: [], addresses: [], routes: [], ...more } } as const;
}

t.test('an invalid configuration is a finding, not a crash', async (t) => {
  const bad = t.testdir({ 'bad.toml': 'max = 3\n' });
  const settle = (path: string) => {
    try {
      return { ok: true, value: readConfig({ path }) } as const;
    } catch (error) {
      return { ok: false, error: error as Error } as const;
    }
  };
  const invalid = { config: settle(`${bad}/bad.toml`), pools: [] };
  t.match(runOnce('configuration', machineOf(t, {}, invalid)), { status: 'fail', message: /bad\.toml.*max/ });
  t.match(runOnce('subnets', machineOf(t, {}, invalid)), { status: 'unknown' });
  t.match(runOnce('configuration', machineOf(t)), { status: 'ok', message: 'pools: default on 10.213.0.0/16' });
  const cause = Object.assign(new Error('no'), { code: 'EACCES' });
  const error = new NetnsdError('config_invalid', 'cannot read it', { cause });
  const forbidden = { config: { ok: false, error } as const };
  t.match(runOnce('configuration', machineOf(t, {}, forbidden)), { status: 'unknown', advice: /sudo/ });
});

t.test('a socket_group that does not exist fails', async (t) => {
  const source = 'socket_group = "lessees"\n';
  const config = { ok: true, value: parseConfig({ source, file: 'f' }) } as const;
  t.match(runOnce('configuration', machineOf(t, { '/etc/group': 'root:x:0:\n' }, { config })), {
    status: 'fail',
    advice: 'groupadd lessees',
  });
  t.match(runOnce('configuration', machineOf(t, { '/etc/group': 'lessees:x:7:\n' }, { config })), { status: 'ok' });
});

t.test(
  'every overlap with the host is told; the own uplink, the default route and what is unreachable are none',
  async (t) => {
    const route = { gateway: undefined, table: 254, type: 1 };
    const found = network({
      links: [link(1, UPLINK, 'veth'), link(2, 'vpn')],
      addresses: [
        { linkIndex: 1, label: undefined, address: Buffer.from([10, 213, 0, 1]), prefixLength: 16 },
        { linkIndex: 2, label: undefined, address: Buffer.from([10, 213, 9, 1]), prefixLength: 24 },
      ],
      routes: [
        { ...route, destination: Buffer.from([10, 213, 0, 0]), prefixLength: 16, linkIndex: 1 },
        { ...route, destination: Buffer.alloc(4), prefixLength: 0, linkIndex: 2 },
        { ...route, destination: Buffer.from([10, 213, 64, 0]), prefixLength: 18, linkIndex: 2, table: 100 },
        { ...route, type: 7, destination: Buffer.from([10, 0, 0, 0]), prefixLength: 8, linkIndex: undefined },
      ],
    });
    t.match(runCheck('subnets', machineOf(t, {}, { network: found })), [
      { status: 'fail', message: /overlaps the host's address 10\.213\.9\.1\/24 on vpn/, advice: /\[pools\.default\]/ },
      { status: 'fail', message: /overlaps the host's route 10\.213\.64\.0\/18 on vpn/ },
    ]);
    t.match(runOnce('subnets', machineOf(t)), { status: 'ok' });
    const broken = { ok: false, error: new Error('no netlink') } as const;
    t.throws(() => runCheck('subnets', machineOf(t, {}, { network: broken })), /no netlink/);
  },
);

t.test("another daemon's pool on the same subnet is told", (t) => {
  const found = network({
    links: [link(7, 'nb0a1b-xiob', 'veth')],
    addresses: [{ linkIndex: 7, label: undefined, address: Buffer.from([10, 213, 0, 1]), prefixLength: 16 }],
  });
  t.match(runOnce('subnets', machineOf(t, {}, { network: found })), {
    status: 'fail',
    message: /of pool default overlaps the host's address 10\.213\.0\.1\/16 on nb0a1b-xiob/,
  });
  t.end();
});

t.test('a pool whose MTU is larger than that of the way out is told, built or only configured', (t) => {
  const config = { ok: true, value: parseConfig({ source: '[pools.default]\nmtu = 1500', file: 'f.toml' }) } as const;
  const way = { ...link(2, 'wg0'), mtuBytes: 1420 };
  const seen = (links: readonly ReturnType<typeof link>[], egress: number | undefined) =>
    runOnce('mtu', machineOf(t, {}, { config, network: network({ links, egress }) }));
  t.match(seen([way], undefined), { status: 'ok', message: /no route/ });
  t.match(seen([way], 2), { status: 'warn', message: /^pool default has an MTU of 1500, and wg0, .* of 1420$/ });
  t.match(seen([way, link(1, UPLINK, 'veth')], 2), { status: 'warn', message: /^link nbdf5c-xiob has/ });
  t.match(seen([way, { ...link(1, UPLINK, 'veth'), mtuBytes: 1420 }], 2), { status: 'ok' });
  t.end();
});

t.test('a subnet without spare addresses makes acquires wait', async (t) => {
  t.match(runOnce('addresses', machineOf(t)), { status: 'ok' });
  const pools = [{ name: 'tight', subnet: '10.1.0.0/24', max: 253 }];
  t.match(runOnce('addresses', machineOf(t, {}, { pools })), { status: 'warn', message: /tight may have 253/ });
});

const CONF = '/proc/sys/net/ipv4/conf';

t.test('ip_forward, of the host and of each uplink', async (t) => {
  const on = { '/proc/sys/net/ipv4/ip_forward': '1\n' };
  const uplinks = { network: network({ links: [link(1, UPLINK, 'veth'), link(2, 'docker0', 'bridge')] }) };
  t.match(runOnce('ip_forward', machineOf(t)), { status: 'unknown' });
  t.match(runOnce('ip_forward', machineOf(t, { '/proc/sys/net/ipv4/ip_forward': '0\n' })), {
    status: 'warn',
    advice: /^sysctl -w net\.ipv4\.ip_forward=1\n/,
  });
  t.match(runOnce('ip_forward', machineOf(t, { ...on, [`${CONF}/${UPLINK}/forwarding`]: '1\n' }, uplinks)), {
    status: 'ok',
  });
  const off = machineOf(t, { ...on, [`${CONF}/${UPLINK}/forwarding`]: '0\n' }, uplinks);
  t.match(runOnce('ip_forward', off), { status: 'warn', advice: `sysctl -w net/ipv4/conf/${UPLINK}/forwarding=1` });
  const failed = { network: { ok: false, error: new Error('no') } as const };
  t.match(runOnce('ip_forward', machineOf(t, on, failed)), { status: 'ok' });
});

t.test(
  'strict reverse path filtering is reported: of all links, of an uplink, and as the default for uplinks',
  async (t) => {
    const files = (all: number, of: Record<string, number>) =>
      Object.fromEntries(
        Object.entries({ all, ...of }).map(([name, value]) => [`${CONF}/${name}/rp_filter`, `${value}\n`]),
      );
    const uplinks = { network: network({ links: [link(1, UPLINK, 'veth')] }) };
    t.match(runOnce('rp_filter', machineOf(t)), { status: 'unknown' });
    t.match(runOnce('rp_filter', machineOf(t, files(1, {}))), { status: 'warn', advice: /all\.rp_filter=2/ });
    t.match(runOnce('rp_filter', machineOf(t, files(0, { default: 1 }))), {
      status: 'warn',
      message: /rp_filter of default/,
    });
    t.match(runOnce('rp_filter', machineOf(t, files(0, { [UPLINK]: 1, default: 0 }), uplinks)), {
      status: 'warn',
      advice: `sysctl -w net/ipv4/conf/${UPLINK}/rp_filter=2`,
    });
    t.match(runOnce('rp_filter', machineOf(t, files(0, { [UPLINK]: 0, default: 1 }), uplinks)), { status: 'ok' });
    t.match(runOnce('rp_filter', machineOf(t, files(2, { [UPLINK]: 1 }), uplinks)), { status: 'ok' }, 'loose wins');
  },
);

t.test('the pools are those of the running daemon, not of the file', async (t) => {
  const config = { ok: false, error: new NetnsdError('config_invalid', 'no') } as const;
  t.match(runOnce('subnets', machineOf(t, {}, { config, daemon: answering() })), { status: 'ok' });
});
