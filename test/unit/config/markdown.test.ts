import t from 'tap';
import { renderKeyTable } from '../../../src/config/index.js';

t.test('the table of keys has a row of four cells for every key', async (t) => {
  const [heading, rule, ...rows] = renderKeyTable().split('\n');
  t.equal(heading, '| key | type | default | meaning |');
  t.equal(rule, '| --- | --- | --- | --- |');
  const names = rows.map((row) => /^\| `([^`]+)` \|/.exec(row)?.[1]);
  t.strictSame(names, [
    'netns_dir',
    'socket_group',
    'socket_mode',
    'reconcile_seconds',
    'log_level',
    ...[
      'subnet',
      'subnet6',
      'subnet_file',
      'min_ready',
      'max',
      'mtu',
      'build_batch',
      'address_cooldown_seconds',
      'recycle',
      'unknown_spec',
      'sizing',
      'idle_seconds',
      'gone_after_seconds',
      'unused_after_seconds',
      'masquerade',
      'masquerade_except',
      'publish',
      'publish_range',
      'host_access',
      'egress_deny',
      'egress_allow',
      'anti_spoof',
      'isolation',
      'flood',
      'rate_in',
      'rate_out',
      'max_connections',
      'max_connections_per_second',
      'interface',
      'routes',
      'mount_dns',
      'sysctls."net.…"',
    ].map((key) => `pools.NAME.${key}`),
    ...['servers', 'search', 'options'].map((key) => `pools.NAME.dns.${key}`),
  ]);
  for (const row of rows) t.match(row, /^\|( [^|]+ \|){4}$/);
});
