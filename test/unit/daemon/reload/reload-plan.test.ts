import t from 'tap';
import { parseConfig } from '../../../../src/config/read.js';
import { planReload } from '../../../../src/daemon/reload/reload-plan.js';

const read = (source: string) => parseConfig({ source, file: 'netnsd.toml' });
const POOL = '[pools.a]\nsubnet = "10.1.0.0/24"\nmin_ready = 1\nmax = 4\n';
const OTHER = '[pools.b]\nsubnet = "10.2.0.0/24"\n';

const CASES: [what: string, before: string, after: string, changes: string[], reopens: boolean][] = [
  ['nothing', POOL, `# the same\n${POOL}`, [], false],
  ['a size', POOL, POOL.replace('min_ready = 1', 'min_ready = 3'), ['pools.a.min_ready: 1 -> 3'], false],
  ['the log level', POOL, `log_level = "debug"\n${POOL}`, ['log_level: "info" -> "debug"'], false],
  ['how often to reconcile', POOL, `reconcile_seconds = 9\n${POOL}`, ['reconcile_seconds: 60 -> 9'], true],
  ['a subnet', POOL, POOL.replace('10.1', '10.9'), ['pools.a.subnet: "10.1.0.0/24" -> "10.9.0.0/24"'], true],
  ['a list', POOL, `${POOL}egress_allow = ["10.0.0.0/8"]`, ['pools.a.egress_allow: [] -> ["10.0.0.0/8"]'], true],
  ['dns', POOL, `${POOL}dns.search = ["x"]`, ['pools.a.dns.search: [] -> ["x"]'], true],
  [
    'sysctls',
    `${POOL}sysctls = { "net.core.somaxconn" = 1, "net.ipv4.tcp_ecn" = 1 }`,
    `${POOL}sysctls = { "net.ipv4.tcp_ecn" = 0, "net.ipv4.tcp_sack" = 0 }`,
    [
      'pools.a.sysctls.net.core.somaxconn: "1" -> none',
      'pools.a.sysctls.net.ipv4.tcp_ecn: "1" -> "0"',
      'pools.a.sysctls.net.ipv4.tcp_sack: none -> "0"',
    ],
    true,
  ],
  ['a pool more', POOL, POOL + OTHER, ['pools.b: added'], true],
  ['a pool less', POOL + OTHER, POOL, ['pools.b: removed'], true],
  ['a name', POOL, POOL.replace('pools.a', 'pools.c'), ['pools.c: added', 'pools.a: removed'], true],
  [
    'the size of a pool that publishes ports',
    `${POOL}publish = ["80/tcp"]`,
    `${POOL.replace('max = 4', 'max = 5')}publish = ["80/tcp"]`,
    ['pools.a.max: 4 -> 5'],
    true,
  ],
];

for (const [what, before, after, changes, reopens] of CASES)
  t.test(`a change of ${what}`, async (t) => {
    t.strictSame(planReload(read(before), read(after)), { changes, reopens });
  });
