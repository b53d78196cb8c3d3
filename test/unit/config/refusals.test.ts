import t from 'tap';
import { parseConfig } from '../../../src/config/read.js';
import { NetnsdError } from '../../../src/errors.js';

function refusal(source: string): NetnsdError {
  try {
    parseConfig({ source, file: 'f.toml' });
  } catch (error) {
    if (error instanceof NetnsdError) return error;
    throw error;
  }
  throw new Error(`accepted: ${source}`);
}

const POOL_KEYS =
  'subnet, subnet6, subnet_file, min_ready, max, mtu, build_batch, address_cooldown_seconds, recycle, unknown_spec, sizing, idle_seconds, gone_after_seconds, unused_after_seconds, masquerade, masquerade_except, publish, publish_range, host_access, egress_deny, egress_allow, anti_spoof, isolation, flood, rate_in, rate_out, max_connections, max_connections_per_second, interface, routes, mount_dns, dns, sysctls';
const INTEGER = 'an integer from 0 to 65000';
const LONG_NAME = 'a'.repeat(33);
const CASES: [title: string, source: string, message: string][] = [
  [
    'isolation of tenants among forged addresses',
    '[pools.default]\nanti_spoof = false\nisolation = "tenant"',
    'f.toml:3: pools.default.isolation: found "tenant" with anti_spoof = false, by which a container could pose as one of another tenant: set anti_spoof = true',
  ],
  [
    'an unknown key',
    '\ncolour = 1',
    'f.toml:2: colour: unknown key (allowed: netns_dir, socket_group, socket_mode, reconcile_seconds, log_level, pools)',
  ],
  [
    'a near miss',
    '[pools.web]\nmin_redy = 3',
    `f.toml:2: pools.web.min_redy: unknown key: did you mean min_ready? (allowed: ${POOL_KEYS})`,
  ],
  [
    'another custom',
    '[pools.web]\nminReady = 3',
    `f.toml:2: pools.web.minReady: unknown key: did you mean min_ready? (allowed: ${POOL_KEYS})`,
  ],
  [
    'a pool key at the top',
    'max = 3',
    'f.toml:1: max: unknown key: it belongs in a table [pools.NAME] (allowed: netns_dir, socket_group, socket_mode, reconcile_seconds, log_level, pools)',
  ],
  [
    'a dns key in a pool',
    '[pools.web]\nservers = []',
    `f.toml:2: pools.web.servers: unknown key: it belongs in [pools.web.dns] (allowed: ${POOL_KEYS})`,
  ],
  [
    'an unknown dns key',
    '[pools.default]\ndns = { sever = [] }',
    'f.toml:2: pools.default.dns.sever: unknown key: did you mean servers? (allowed: servers, search, options)',
  ],
  [
    'the former name of the cooldown',
    '[pools.web]\naddress_rest = 30',
    'f.toml:2: pools.web.address_rest: this key is now called address_cooldown_seconds',
  ],
  [
    'the former name of the policy for unknown specs',
    '[pools.web]\ntrust = "seal"',
    'f.toml:2: pools.web.trust: this key is now called unknown_spec',
  ],
  [
    'a key of Object',
    'toString = 1',
    'f.toml:1: toString: unknown key (allowed: netns_dir, socket_group, socket_mode, reconcile_seconds, log_level, pools)',
  ],
  [
    'a word for a switch',
    '[pools.default]\nmount_dns = "yes"',
    'f.toml:2: pools.default.mount_dns: found "yes", allowed: true, false',
  ],
  [
    'a port without a protocol',
    '[pools.default]\npublish = ["8080"]',
    'f.toml:2: pools.default.publish: found ["8080"], allowed: an array of ports of the container with their protocols, such as ["8080/tcp", "53/udp"]',
  ],
  [
    'a port that stands there twice',
    '[pools.default]\npublish = ["80/tcp", "80/udp", "80/tcp"]',
    'f.toml:2: pools.default.publish: 80/tcp stands there twice',
  ],
  [
    'a range that ends before it begins',
    '[pools.default]\npublish_range = "40000-30000"',
    'f.toml:2: pools.default.publish_range: found "40000-30000", allowed: two ports from 1 to 65535 with a hyphen between, the lower one first, such as "30000-39999"',
  ],
  [
    'a network with host bits',
    '[pools.default]\negress_deny = ["10.0.0.1/8"]',
    'f.toml:2: pools.default.egress_deny: found ["10.0.0.1/8"], allowed: an array of networks in CIDR notation, such as ["10.0.0.0/8", "fd00::/8"]',
  ],
  [
    'a wrong type',
    '[pools.default]\nmin_ready = "3"',
    `f.toml:2: pools.default.min_ready: found "3", allowed: ${INTEGER}`,
  ],
  [
    'a fraction',
    '[pools.default]\nmin_ready = 8.0',
    `f.toml:2: pools.default.min_ready: found 8.0, allowed: ${INTEGER}`,
  ],
  [
    'a negative number',
    '[pools.default]\nmin_ready = -1',
    `f.toml:2: pools.default.min_ready: found -1, allowed: ${INTEGER}`,
  ],
  [
    'a number beyond precision',
    '[pools.default]\nmin_ready = 9223372036854775807',
    `f.toml:2: pools.default.min_ready: found 9223372036854775807, allowed: ${INTEGER}`,
  ],
  [
    'a pool of too many',
    '[pools.default]\nmax = 65001',
    'f.toml:2: pools.default.max: found 65001, allowed: an integer from 1 to 65000',
  ],
  [
    'an impossible MTU',
    '[pools.default]\nmtu = 67',
    'f.toml:2: pools.default.mtu: found 67, allowed: an integer from 68 to 65535, or "auto"',
  ],
  ['a relative folder', 'netns_dir = "netns"', 'f.toml:1: netns_dir: found "netns", allowed: an absolute path'],
  [
    'a mode of the socket that gives others something',
    'socket_mode = "0666"',
    'f.toml:1: socket_mode: found "0666", allowed: "0600", "0620", "0640" or "0660"',
  ],
  ['a log level', 'log_level = "loud"', 'f.toml:1: log_level: found "loud", allowed: trace, debug, info, warn, error'],
  [
    'a name server',
    '[pools.default]\ndns.servers = ["dns.example"]',
    'f.toml:2: pools.default.dns.servers: found ["dns.example"], allowed: an array of IP addresses, such as ["10.0.0.53"]',
  ],
  [
    'a line break in a search domain',
    '[pools.default]\ndns.search = ["a\\nnameserver 6.6.6.6"]',
    'f.toml:2: pools.default.dns.search: found ["a\\nnameserver 6.6.6.6"], allowed: an array of domain names, such as ["svc.example.org"]',
  ],
  [
    'a table in place of a value',
    '[pools.default.max]\nx = 1',
    'f.toml:1: pools.default.max: found pools.default.max, allowed: an integer from 1 to 65000',
  ],
  ['a value in place of a table', 'pools = 3', 'f.toml:1: pools: found 3, allowed: a table, written [pools]'],
  [
    'an array of tables',
    '[[pools.web]]',
    'f.toml:1: pools.web: found an array of tables, allowed: a table, written [pools.web]',
  ],
  [
    'a pool name',
    '[pools.Web]',
    'f.toml:1: pools.Web: invalid name of a pool, allowed: a-z, 0-9 and -, not - first, at most 32 characters',
  ],
  [
    'a pool name that is a path',
    '[pools."../x"]',
    'f.toml:1: pools."../x": invalid name of a pool, allowed: a-z, 0-9 and -, not - first, at most 32 characters',
  ],
  [
    'a long pool name',
    `[pools.${LONG_NAME}]`,
    `f.toml:1: pools.${LONG_NAME}: invalid name of a pool, allowed: a-z, 0-9 and -, not - first, at most 32 characters`,
  ],
  [
    'a pool without a subnet',
    '\n[pools.web]\nmax = 3',
    'f.toml:2: pools.web: no subnet: add subnet = "NETWORK/BITS" (only the pool default has a default)',
  ],
  [
    'host bits',
    '[pools.web]\nsubnet = "10.0.0.1/24"',
    'f.toml:2: pools.web.subnet: found "10.0.0.1/24" ("10.0.0.1/24" has host bits set: write 10.0.0.0/24), allowed: an IPv4 network in CIDR notation, /8 to /29, such as 10.213.0.0/16',
  ],
  [
    'a subnet without room',
    '[pools.web]\nsubnet = "10.0.0.0/30"',
    'f.toml:2: pools.web.subnet: found "10.0.0.0/30" (too small), allowed: an IPv4 network in CIDR notation, /8 to /29, such as 10.213.0.0/16',
  ],
  [
    'min_ready above max',
    '[pools.default]\nmax = 3\nmin_ready = 4',
    'f.toml:3: pools.default.min_ready: found 4, allowed: an integer from 0 to max (3)',
  ],
  [
    'min_ready above the default max',
    '[pools.default]\nmin_ready = 300',
    'f.toml:2: pools.default.min_ready: found 300, allowed: an integer from 0 to the default of max (256)',
  ],
  [
    'a pool larger than its subnet',
    '[pools.web]\nsubnet = "10.0.0.0/24"\nmax = 254',
    'f.toml:3: pools.web.max: larger than the subnet: found 254, but 10.0.0.0/24 has 253 addresses for endpoints',
  ],
  [
    'an IPv6 subnet with host bits',
    '[pools.default]\nsubnet6 = "fd00:213::1/64"',
    'f.toml:2: pools.default.subnet6: found "fd00:213::1/64" ("fd00:213::1/64" has host bits set: write fd00:213::/64), allowed: an IPv6 network in CIDR notation, /32 to /96, such as fd00:213::/64',
  ],
  [
    'an IPv6 subnet without room for an IPv4 address',
    '[pools.default]\nsubnet6 = "fd00:213::/112"',
    'f.toml:2: pools.default.subnet6: found "fd00:213::/112" (too small: the last 32 bits of an address are those of the IPv4 address), allowed: an IPv6 network in CIDR notation, /32 to /96, such as fd00:213::/64',
  ],
  [
    'link-local addresses as a subnet',
    '[pools.default]\nsubnet6 = "fe80::/64"',
    'f.toml:2: pools.default.subnet6: found "fe80::/64" (not for unicast addresses), allowed: an IPv6 network in CIDR notation, /32 to /96, such as fd00:213::/64',
  ],
  [
    'an MTU that is too small for IPv6',
    '[pools.default]\nsubnet6 = "fd00:213::/64"\nmtu = 1279',
    'f.toml:3: pools.default.mtu: found 1279, but IPv6 (subnet6) needs 1280',
  ],
  ['a missing value', 'a =\n', 'f.toml:1: invalid TOML: Unspecified values are invalid; found: a ='],
  ['an open array', 'a = [1,', 'f.toml:1: invalid TOML: Unspecified values are invalid; found: a = [1,'],
  [
    'a key set twice',
    '[pools.default]\nmax = 1\nmax = 2',
    'f.toml:3: invalid TOML: Defining a key multiple times is invalid; found: max = 2',
  ],
];

for (const [title, source, message] of CASES) {
  t.test(`${title} is refused in one line that says where, what was found and what is allowed`, async (t) => {
    const error = refusal(source);
    t.equal(error.message, message);
    t.equal(error.code, 'config_invalid');
  });
}

t.test('two pools that share addresses are refused, with both named', async (t) => {
  const error = refusal('[pools.a]\nsubnet = "10.0.0.0/16"\n[pools.b]\nmax = 1\nsubnet = "10.0.9.0/24"');
  t.equal(error.code, 'subnet_overlap');
  t.equal(
    error.message,
    'f.toml:5: pools.b.subnet: 10.0.9.0/24 overlaps 10.0.0.0/16 of pool a: give one of them another subnet',
  );
  const pools = ['a', 'b'].map(
    (name, at) => `[pools.${name}]\nsubnet = "10.${at}.0.0/16"\nsubnet6 = "${['fd00::/48', 'fd00:0:0:1::/80'][at]}"\n`,
  );
  t.equal(
    refusal(pools.join('')).message,
    'f.toml:6: pools.b.subnet6: fd00:0:0:1::/80 overlaps fd00::/48 of pool a: give one of them another subnet6',
  );
});
