import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CONFIG_FILE, describePool, type PoolConfig, readConfig, renderKeyTable } from '../../../src/config/index.js';
import { parseConfig } from '../../../src/config/read.js';

const DEFAULT_POOL = {
  name: 'default',
  subnet: '10.213.0.0/16',
  subnet6: null,
  subnetFile: '',
  minReady: 16,
  max: 256,
  mtuBytes: 'auto',
  buildBatch: 16,
  recycle: 'verify',
  unknownSpec: 'proof',
  sizing: 'demand',
  idleSeconds: 300,
  goneAfterSeconds: 300,
  unusedAfterSeconds: 3600,
  addressCooldownSeconds: 30,
  masquerade: true,
  masqueradeExcept: [],
  publish: [],
  publishRange: [30_000, 39_999],
  hostAccess: true,
  egressDeny: [
    '169.254.169.254/32',
    '169.254.170.2/32',
    '100.100.100.200/32',
    '168.63.129.16/32',
    '64:ff9b::a9fe:a9fe/128',
    '64:ff9b::a9fe:aa02/128',
    '64:ff9b::6464:64c8/128',
    '64:ff9b::a83f:8110/128',
    'fd00:ec2::254/128',
    'fd00:ec2::23/128',
    'fd20:ce::254/128',
    'fd00:c1::a9fe:a9fe/128',
  ],
  egressAllow: [],
  antiSpoof: true,
  isolation: 'none',
  flood: false,
  maxConnections: null,
  maxConnectionsPerSecond: null,
  rateInBits: null,
  rateOutBits: null,
  interfaceName: 'eth0',
  routes: [],
  sysctls: {},
  mountDns: false,
  dns: { servers: [], search: [], options: [] },
};

function parse(source: string) {
  return parseConfig({ source, file: 'netnsd.toml' });
}

t.test('without a file, or with an empty one, every key has its default', async (t) => {
  const defaults = {
    netnsDir: null,
    socketGroup: null,
    socketMode: null,
    reconcileSeconds: 60,
    logLevel: 'info',
    pools: [DEFAULT_POOL],
  };
  t.strictSame(parse(''), defaults);
  t.strictSame(parse('[pools]'), defaults);
  if (!existsSync(CONFIG_FILE)) t.strictSame(readConfig({ path: null }), defaults);
});

t.test('namespaces are mounted below the state directory unless told otherwise', async (t) => {
  const file = join(t.testdir(), 'netnsd.toml');
  writeFileSync(file, '');
  t.equal(readConfig({ path: file }).netnsDir, null);
  writeFileSync(file, 'netns_dir = "/run/netns/"');
  t.equal(readConfig({ path: file }).netnsDir, '/run/netns/');
});

t.test('every key is read, however TOML lets it be written', async (t) => {
  const expected = {
    netnsDir: '/run/netns',
    socketGroup: 'web',
    socketMode: '0620',
    reconcileSeconds: 5,
    logLevel: 'debug',
    pools: [
      {
        name: 'web',
        subnet: '10.9.0.0/24',
        subnet6: 'fd00:9::/64',
        subnetFile: '',
        minReady: 1,
        max: 2,
        mtuBytes: 9000,
        buildBatch: 3,
        addressCooldownSeconds: 45,
        recycle: 'reuse',
        unknownSpec: 'seal',
        sizing: 'fixed' as const,
        idleSeconds: 60,
        goneAfterSeconds: 10,
        unusedAfterSeconds: 0,
        masquerade: false,
        masqueradeExcept: ['10.0.0.0/8'],
        publish: [
          { protocol: 'tcp', port: 8080 },
          { protocol: 'udp', port: 53 },
        ],
        publishRange: [20_000, 20_999],
        hostAccess: false,
        egressDeny: ['0.0.0.0/0'],
        egressAllow: ['192.0.2.0/24'],
        antiSpoof: false,
        isolation: 'full',
        flood: false,
        maxConnections: null,
        maxConnectionsPerSecond: null,
        rateInBits: 100e6,
        rateOutBits: 2.5e9,
        interfaceName: 'net1',
        routes: [
          { destination: '10.8.0.0/16', gateway: '10.9.0.1' },
          { destination: 'fd00:8::/48', gateway: 'fd00:9::1' },
        ],
        sysctls: { 'net.core.somaxconn': '1024', 'net.ipv4.tcp_rmem': '4096 131072 6291456' },
        mountDns: true,
        dns: { servers: ['10.0.0.53', 'fd00::53'], search: ['a.example'], options: ['ndots:2'] },
      },
    ],
  };
  const top =
    'netns_dir = "/run/netns"\nsocket_group = "web"\nsocket_mode = "0620"\nreconcile_seconds = 5\nlog_level = "debug"\n';
  const rest =
    'subnet6 = "fd00:9::/64"\nsubnet_file = ""\nmin_ready = 1\nmax = 2\nmtu = 9_000\nbuild_batch = 0x3\naddress_cooldown_seconds = 45\nrecycle = "reuse"\nunknown_spec = \'seal\'\nsizing = "fixed"\nidle_seconds = 60\ngone_after_seconds = 10\nunused_after_seconds = 0\nmasquerade = false\nmasquerade_except = ["10.0.0.0/8"]\npublish = ["8080/tcp", "53/udp"]\npublish_range = "20000-20999"\nhost_access = false\negress_deny = ["0.0.0.0/0"]\negress_allow = ["192.0.2.0/24"]\nanti_spoof = false\nisolation = "full"\nflood = false\nrate_in = "100Mbit"\nrate_out = "2500Mbit"\ninterface = "net1"\nroutes = ["10.8.0.0/16 via 10.9.0.1", "fd00:8:0::/48 via fd00:9:0::1"]\nsysctls = { "net.core.somaxconn" = 1024, net.ipv4.tcp_rmem = "4096 131072 6291456" }\nmount_dns = true\n';
  const dns = 'servers = ["10.0.0.53", "fd00::53"]\nsearch = ["a.example"]\noptions = ["ndots:2"]\n';
  t.strictSame(parse(`${top}[pools.web]\nsubnet = "10.9.0.0/24"\n${rest}[pools.web.dns]\n${dns}`), expected);
  t.strictSame(parse(`${top}[pools."web".dns]\n${dns}[pools.web]\nsubnet = '10.9.0.0/24'\n${rest}`), expected);
  const inline = `{ subnet = "10.9.0.0/24", ${rest.trim().replaceAll('\n', ', ')}, dns = { ${dns.trim().replaceAll('\n', ', ')} } }`;
  t.strictSame(parse(`${top}pools = { web = ${inline} }`), expected);
  const dotted = [
    ...`subnet = "10.9.0.0/24"\n${rest}`.trim().split('\n'),
    ...dns
      .trim()
      .split('\n')
      .map((line) => `dns.${line}`),
  ];
  t.strictSame(parse(`${top}${dotted.map((line) => `pools.web.${line}`).join('\n')}`), expected);
});

t.test('every setting of a pool can be told by its key, as it would be written', async (t) => {
  const source =
    '[pools.web]\nsubnet = "10.9.0.0/24"\nsubnet6 = "fd00:9::/64"\npublish = ["8080/tcp", "53/udp"]\ndns.servers = ["10.0.0.53"]\nroutes = ["10.8.0.0/16 via 10.9.0.7"]\nsysctls."net.core.somaxconn" = 1024\n';
  const settings = describePool(parse(source).pools[0] as PoolConfig);
  const rows = renderKeyTable().matchAll(/^\| `pools\.NAME\.([\w.]+)`/gm);
  t.strictSame(
    Object.keys(settings).filter((key) => !key.startsWith('sysctls.')),
    Array.from(rows, ([, key]) => key),
  );
  t.match(settings, {
    subnet: '10.9.0.0/24',
    publish: ['8080/tcp', '53/udp'],
    routes: ['10.8.0.0/16 via 10.9.0.7'],
    'sysctls.net.core.somaxconn': '1024',
    publish_range: '30000-39999',
    max: 254 - 1,
  });
  t.strictSame(settings['dns.servers'], ['10.0.0.53']);
  // Written into a file, they are what they were read from.
  const again = Object.entries(settings).flatMap(([key, value]) =>
    value === null ? [] : [`${key} = ${JSON.stringify(value)}`],
  );
  t.strictSame(parse(`[pools.web]\n${again.join('\n')}`), parse(source));
});

t.test('default sizes give way to what is set and to the subnet', async (t) => {
  const size = (source: string) => {
    const [pool] = parse(`[pools.default]\n${source}`).pools;
    return [pool?.minReady, pool?.max];
  };
  t.strictSame(size(''), [16, 256]);
  t.strictSame(size('max = 4'), [4, 4]);
  t.strictSame(size('subnet = "10.0.0.0/29"'), [5, 5]);
  t.strictSame(size('min_ready = 0'), [0, 256]);
});

t.test('a file that cannot be read is named with the reason', async (t) => {
  const folder = t.testdir({ binary: Buffer.from([0xff, 0xfe, 0xff]) });
  const refused = (path: string, reason: RegExp) =>
    t.throws(() => readConfig({ path }), { code: 'config_invalid', message: reason });
  refused(join(folder, 'none.toml'), /cannot read the configuration .*none\.toml: the file does not exist/);
  refused(folder, /it is a folder/);
  refused(join(folder, 'binary'), /it is not UTF-8 text/);
});

t.test('a subnet in which no host has an address is refused', async (t) => {
  for (const subnet of ['224.0.0.0/16', '240.0.0.0/8', '127.8.0.0/16', '0.1.0.0/16'])
    t.throws(() => parse(`[pools.default]\nsubnet = "${subnet}"`), { message: /\(not a network of hosts\)/ }, subnet);
});

t.test('containers that do not reach each other cannot have floods', async (t) => {
  for (const isolation of ['full', 'tenant'])
    t.throws(() => parse(`[pools.default]\nisolation = "${isolation}"\nflood = true`), {
      message: `netnsd.toml:3: pools.default.flood: found true with isolation = "${isolation}", by which containers do not reach each other: set one or the other`,
    });
});
